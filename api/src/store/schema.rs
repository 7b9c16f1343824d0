//! The tables as diesel sees them; `migrations/` is the source, and a test compares the two.

diesel::table! {
    imports (id) {
        id -> Text,
        started_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        summary -> Nullable<Text>,
    }
}

diesel::table! {
    donors (id) {
        id -> Text,
        donor_no -> Text,
        name -> Text,
        id_type -> Text,
        id_number_sealed -> Binary,
        id_number_index -> Binary,
        phone_sealed -> Nullable<Binary>,
        phone_index -> Nullable<Binary>,
        email_sealed -> Nullable<Binary>,
        email_index -> Nullable<Binary>,
        data_key_id -> Text,
        sex -> Text,
        birth_date -> Date,
        abo -> Nullable<Text>,
        rh -> Nullable<Text>,
        import_id -> Text,
    }
}

diesel::table! {
    donations (donation_no) {
        donation_no -> Text,
        donor_id -> Text,
        collected_at -> Timestamp,
        site_code -> Text,
        product -> Text,
        volume_ml -> BigInt,
        units -> BigInt,
        outcome -> Text,
        import_id -> Text,
    }
}

diesel::table! {
    donor_totals (donor_id) {
        donor_id -> Text,
        whole_blood_ml -> BigInt,
        donations -> BigInt,
        platelet_units -> BigInt,
        platelet_units_before_2010 -> BigInt,
        last_donated_on -> Nullable<Date>,
    }
}

diesel::table! {
    status_lists (id) {
        id -> Text,
        base_url -> Text,
        seed -> Binary,
        size -> BigInt,
        taken -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    certificates (certificate_no) {
        certificate_no -> Text,
        cti -> Binary,
        donor_id -> Text,
        serial -> Text,
        version -> BigInt,
        status_list_id -> Text,
        status_index -> BigInt,
        payload -> Binary,
        kid -> Text,
        issued_at -> Timestamp,
        expires_at -> Timestamp,
        signature -> Nullable<Binary>,
    }
}

diesel::table! {
    certificate_statuses (certificate_no) {
        certificate_no -> Text,
        status_list_id -> Text,
        status_index -> BigInt,
        status -> Text,
        reason -> Text,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    audit (id) {
        id -> Text,
        at -> Timestamp,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Text,
        stream -> Nullable<BigInt>,
        seq -> Nullable<BigInt>,
        hash -> Nullable<Binary>,
    }
}

diesel::table! {
    audit_heads (stream) {
        stream -> BigInt,
        seq -> BigInt,
        hash -> Binary,
    }
}

diesel::joinable!(donations -> donors (donor_id));
diesel::joinable!(donor_totals -> donors (donor_id));
diesel::joinable!(certificates -> donors (donor_id));
diesel::joinable!(certificate_statuses -> certificates (certificate_no));
diesel::allow_tables_to_appear_in_same_query!(
    imports,
    donors,
    donations,
    donor_totals,
    status_lists,
    certificates,
    certificate_statuses,
    audit,
    audit_heads,
);
