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
        merged_into -> Nullable<Text>,
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

diesel::table! {
    hospitals (code) {
        code -> Text,
        name -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    accounts (id) {
        id -> Text,
        phone_sealed -> Nullable<Binary>,
        phone_index -> Nullable<Binary>,
        openid_sealed -> Nullable<Binary>,
        openid_index -> Nullable<Binary>,
        data_key_id -> Text,
        created_at -> Timestamp,
        erased_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    account_donors (id) {
        id -> Text,
        account_id -> Text,
        donor_id -> Text,
        relation -> Text,
        proof -> Text,
        since -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sharing_codes (code_hash) {
        code_hash -> Binary,
        donor_id -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        user_name -> Text,
        display_name -> Text,
        role -> Text,
        hospital_code -> Nullable<Text>,
        state -> Text,
        password_hash -> Nullable<Text>,
        totp_sealed -> Nullable<Binary>,
        totp_last_step -> BigInt,
        data_key_id -> Text,
        invitation_hash -> Nullable<Binary>,
        invitation_expires_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        hospital_code -> Text,
        name -> Text,
        public_key -> Nullable<Binary>,
        key_hash -> Nullable<Binary>,
        created_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    used_assertions (id) {
        id -> Binary,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    sign_in_codes (phone_index) {
        phone_index -> Binary,
        code_hash -> Binary,
        attempts -> BigInt,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    lockouts (subject) {
        subject -> Binary,
        failures -> BigInt,
        last_failed_at -> Timestamp,
        locked_until -> Timestamp,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        subject_kind -> Text,
        subject_id -> Text,
        device -> Text,
        created_at -> Timestamp,
        last_used_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        ended_because -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Binary,
        session_id -> Text,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    consents (id) {
        id -> Text,
        account_id -> Text,
        purpose -> Text,
        text_version -> Text,
        given_at -> Timestamp,
        given_from -> Text,
        address_sealed -> Binary,
        data_key_id -> Text,
        withdrawn_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    merges (id) {
        id -> Text,
        kept_id -> Text,
        duplicate_id -> Text,
        reason -> Text,
        state -> Text,
        proposed_by -> Text,
        proposed_at -> Timestamp,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    merged_donations (merge_id, donation_no) {
        merge_id -> Text,
        donation_no -> Text,
    }
}

diesel::table! {
    merged_links (id) {
        id -> Text,
        merge_id -> Text,
        ended_link -> Text,
        new_link -> Nullable<Text>,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        kind -> Text,
        account_id -> Nullable<Text>,
        recipient_sealed -> Binary,
        subject -> Nullable<Text>,
        version -> BigInt,
        content_sealed -> Binary,
        data_key_id -> Text,
        state -> Text,
        attempts -> BigInt,
        due_at -> Timestamp,
        expires_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        fence -> BigInt,
        lease_until -> Nullable<Timestamp>,
        only_by -> Nullable<Text>,
        channel -> Nullable<Text>,
        refused_by -> Text,
        delivery -> Text,
        sent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    questionnaire_drafts (donor_id) {
        donor_id -> Text,
        questionnaire -> Text,
        product -> Text,
        answers_sealed -> Binary,
        data_key_id -> Text,
        version -> BigInt,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    questionnaires (id) {
        id -> Text,
        donor_id -> Text,
        questionnaire -> Text,
        product -> Text,
        answers_sealed -> Binary,
        data_key_id -> Text,
        outcome -> Text,
        deferred_until -> Nullable<Date>,
        submitted_at -> Timestamp,
        pass_hash -> Nullable<Binary>,
        pass_day -> Nullable<Date>,
        shown_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sites (code) {
        code -> Text,
        kind -> Text,
        name -> Text,
        address -> Text,
        organisation -> Nullable<Text>,
        latitude_micros -> BigInt,
        longitude_micros -> BigInt,
        closed -> Bool,
        version -> BigInt,
    }
}

diesel::table! {
    session_templates (id) {
        id -> Text,
        site_code -> Text,
        weekday -> BigInt,
        opens_minute -> BigInt,
        closes_minute -> BigInt,
        on_holidays -> Bool,
        plan -> Text,
        valid_from -> Date,
        valid_until -> Nullable<Date>,
        version -> BigInt,
    }
}

diesel::table! {
    holidays (day) {
        day -> Date,
        name -> Text,
        is_off -> Bool,
    }
}

diesel::table! {
    collection_sessions (id) {
        id -> Text,
        site_code -> Text,
        day -> Date,
        opens_at -> Timestamp,
        closes_at -> Timestamp,
        vehicle -> Nullable<Text>,
        plan -> Text,
        release_at -> Timestamp,
        state -> Text,
        reason -> Nullable<Text>,
        template_id -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    slots (id) {
        id -> Text,
        session_id -> Text,
        product -> Text,
        starts_at -> Timestamp,
        capacity -> BigInt,
        reserved -> BigInt,
        held -> BigInt,
        booked -> BigInt,
        kept -> BigInt,
    }
}

diesel::table! {
    appointments (id) {
        id -> Text,
        slot_id -> Text,
        donor_id -> Text,
        account_id -> Text,
        product -> Text,
        starts_at -> Timestamp,
        state -> Text,
        hold_expires_at -> Nullable<Timestamp>,
        renewals -> BigInt,
        rule_pack -> Text,
        sequence -> BigInt,
        reminded -> BigInt,
        will_come -> Bool,
        replaces -> Nullable<Text>,
        waitlist_id -> Nullable<Text>,
        group_id -> Nullable<Text>,
        created_at -> Timestamp,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    visits (id) {
        id -> Text,
        session_id -> Text,
        donor_id -> Text,
        appointment_id -> Nullable<Text>,
        account_id -> Nullable<Text>,
        product -> Text,
        number -> BigInt,
        turn_at -> Timestamp,
        state -> Text,
        created_at -> Timestamp,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    screenings (id) {
        id -> Text,
        visit_id -> Text,
        measured_sealed -> Binary,
        data_key_id -> Text,
        passed -> Bool,
        at -> Timestamp,
        user_id -> Text,
    }
}

diesel::table! {
    deferrals (id) {
        id -> Text,
        donor_id -> Text,
        visit_id -> Nullable<Text>,
        rule -> Text,
        until -> Nullable<Date>,
        created_at -> Timestamp,
        user_id -> Text,
        lifted_at -> Nullable<Timestamp>,
        lifted_by -> Nullable<Text>,
    }
}

diesel::table! {
    reactions (id) {
        id -> Text,
        donor_id -> Text,
        donation_no -> Text,
        severity -> Text,
        note_sealed -> Binary,
        data_key_id -> Text,
        created_at -> Timestamp,
        user_id -> Text,
        follow_up_on -> Date,
        followed_up_at -> Nullable<Timestamp>,
        followed_up_by -> Nullable<Text>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    reminder_times (minutes_before) {
        minutes_before -> BigInt,
    }
}

diesel::table! {
    calendar_feeds (account_id) {
        account_id -> Text,
        token_hash -> Binary,
        created_at -> Timestamp,
    }
}

diesel::table! {
    idempotency_keys (key_hash) {
        key_hash -> Binary,
        request_hash -> Binary,
        answer -> Text,
        created_at -> Timestamp,
        data_key_id -> Nullable<Text>,
        sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    session_notices (appointment_id) {
        appointment_id -> Text,
        session_id -> Text,
        message_id -> Text,
        offer_id -> Nullable<Text>,
        created_at -> Timestamp,
        called_at -> Nullable<Timestamp>,
        called_by -> Nullable<Text>,
    }
}

diesel::table! {
    forgiven_misses (donor_id) {
        donor_id -> Text,
        at -> Timestamp,
        user_id -> Text,
    }
}

diesel::table! {
    booking_policy (id) {
        id -> BigInt,
        window_days -> BigInt,
        notice_minutes -> BigInt,
        cancel_until_minutes -> BigInt,
        hold_minutes -> BigInt,
        hold_renewals -> BigInt,
        rebooking_hold_minutes -> BigInt,
        no_show_limit -> BigInt,
        no_show_days -> BigInt,
        limited_days -> BigInt,
        offer_minutes -> BigInt,
        offer_minutes_when_near -> BigInt,
        near_minutes -> BigInt,
        offers_passed_over -> BigInt,
        public_delay_minutes -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    units (unit_no) {
        unit_no -> Text,
        donation_no -> Text,
        component -> Text,
        status -> Text,
        status_at -> Timestamp,
        hospital_code -> Nullable<Text>,
        import_id -> Text,
    }
}

diesel::table! {
    unit_events (unit_no, at, import_id) {
        unit_no -> Text,
        at -> Timestamp,
        import_id -> Text,
        status -> Text,
        hospital_code -> Nullable<Text>,
        corrected_by -> Nullable<Text>,
    }
}

diesel::table! {
    unit_temperatures (unit_no, at) {
        unit_no -> Text,
        at -> Timestamp,
        tenths -> BigInt,
        import_id -> Text,
    }
}

diesel::table! {
    unit_policy (id) {
        id -> BigInt,
        delay_days -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    message_policy (id) {
        id -> BigInt,
        quiet_from_minute -> BigInt,
        quiet_until_minute -> BigInt,
        appeals -> BigInt,
        appeals_days -> BigInt,
        attempts -> BigInt,
        unknown_minutes -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    waitlist (id) {
        id -> Text,
        donor_id -> Text,
        account_id -> Text,
        product -> Text,
        site_code -> Text,
        first_day -> Date,
        last_day -> Date,
        class -> BigInt,
        passed_over -> BigInt,
        state -> Text,
        offer_id -> Nullable<Text>,
        created_at -> Timestamp,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    kept_places (id) {
        id -> Text,
        slot_id -> Text,
        public_at -> Timestamp,
    }
}

diesel::table! {
    donor_groups (id) {
        id -> Text,
        name -> Text,
        session_id -> Text,
        product -> Text,
        join_hash -> Binary,
        organiser_hash -> Binary,
        returns_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    group_blocks (group_id, slot_id) {
        group_id -> Text,
        slot_id -> Text,
        places -> BigInt,
        unused -> BigInt,
    }
}

diesel::table! {
    teams (id) {
        id -> Text,
        name -> Text,
        created_by -> Text,
        created_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    team_members (id) {
        id -> Text,
        team_id -> Text,
        account_id -> Text,
        donor_id -> Text,
        text_version -> Text,
        joined_at -> Timestamp,
        left_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    call_ups (id) {
        id -> Text,
        team_id -> Text,
        session_id -> Nullable<Text>,
        blood_groups -> Text,
        product -> Text,
        needed -> BigInt,
        coming -> BigInt,
        note -> Nullable<Text>,
        created_by -> Text,
        created_at -> Timestamp,
        closes_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    call_up_answers (id) {
        id -> Text,
        call_up_id -> Text,
        account_id -> Text,
        donor_id -> Text,
        state -> Text,
        asked_at -> Timestamp,
        answered_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    appeals (id) {
        id -> Text,
        blood_groups -> Text,
        product -> Text,
        site_code -> Nullable<Text>,
        within_km -> BigInt,
        needed -> BigInt,
        holdout_percent -> BigInt,
        created_by -> Text,
        created_at -> Timestamp,
        closes_at -> Timestamp,
        met_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        waves -> BigInt,
        next_wave_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    appeal_recipients (id) {
        id -> Text,
        appeal_id -> Text,
        account_id -> Text,
        donor_id -> Text,
        state -> Text,
        wave -> BigInt,
        drawn_at -> Timestamp,
        reached -> Bool,
    }
}

diesel::table! {
    invitations_again (id) {
        id -> Text,
        account_id -> Text,
        donor_id -> Text,
        donation_no -> Text,
        product -> Text,
        from_day -> Date,
        queued_at -> Timestamp,
    }
}

diesel::table! {
    used_notices (id) {
        id -> Text,
        account_id -> Text,
        donation_no -> Text,
        queued_at -> Timestamp,
    }
}

diesel::table! {
    daily_work (task) {
        task -> Text,
        done_on -> Date,
    }
}

diesel::joinable!(visits -> collection_sessions (session_id));
diesel::joinable!(appeal_recipients -> appeals (appeal_id));
diesel::joinable!(units -> donations (donation_no));
diesel::joinable!(screenings -> visits (visit_id));
diesel::joinable!(team_members -> teams (team_id));
diesel::joinable!(team_members -> donors (donor_id));
diesel::joinable!(call_ups -> teams (team_id));
diesel::joinable!(call_up_answers -> call_ups (call_up_id));
diesel::joinable!(call_up_answers -> donors (donor_id));
diesel::table! {
    message_attempts (message_id, fence) {
        message_id -> Text,
        fence -> BigInt,
        channel -> Nullable<Text>,
        outcome -> Text,
        code -> Nullable<Text>,
        provider_id -> Nullable<Text>,
        contact_index -> Nullable<Binary>,
        ended_at -> Timestamp,
    }
}

diesel::table! {
    message_receipts (id) {
        id -> Text,
        message_id -> Text,
        outcome -> Text,
        code -> Nullable<Text>,
        told_at -> Timestamp,
    }
}

diesel::table! {
    channel_circuits (channel) {
        channel -> Text,
        open_until -> Timestamp,
        code -> Text,
    }
}

diesel::table! {
    message_preferences (account_id) {
        account_id -> Text,
        channels -> Text,
        letters -> Bool,
        language -> Text,
        version -> BigInt,
        reminders -> Nullable<Text>,
    }
}

diesel::table! {
    wechat_subscriptions (account_id, template_id) {
        account_id -> Text,
        template_id -> Text,
        remaining -> BigInt,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    opted_out (contact_index) {
        contact_index -> Binary,
        since -> Timestamp,
    }
}

diesel::joinable!(donations -> donors (donor_id));
diesel::joinable!(appointments -> slots (slot_id));
diesel::joinable!(appointments -> donors (donor_id));
diesel::joinable!(session_notices -> appointments (appointment_id));
diesel::joinable!(visits -> donors (donor_id));
diesel::joinable!(reactions -> donors (donor_id));
diesel::joinable!(deferrals -> donors (donor_id));
diesel::joinable!(collection_sessions -> sites (site_code));
diesel::joinable!(slots -> collection_sessions (session_id));
diesel::joinable!(waitlist -> donors (donor_id));
diesel::joinable!(group_blocks -> donor_groups (group_id));
diesel::joinable!(group_blocks -> slots (slot_id));
diesel::joinable!(donor_totals -> donors (donor_id));
diesel::joinable!(certificates -> donors (donor_id));
diesel::joinable!(certificate_statuses -> certificates (certificate_no));
diesel::joinable!(account_donors -> accounts (account_id));
diesel::joinable!(account_donors -> donors (donor_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::allow_tables_to_appear_in_same_query!(
    imports,
    donors,
    donations,
    donor_totals,
    status_lists,
    certificates,
    certificate_statuses,
    audit,
    hospitals,
    accounts,
    account_donors,
    sharing_codes,
    users,
    clients,
    used_assertions,
    sign_in_codes,
    lockouts,
    sessions,
    refresh_tokens,
    consents,
    merges,
    merged_donations,
    merged_links,
    outbox,
    questionnaire_drafts,
    questionnaires,
    audit_heads,
    sites,
    session_templates,
    holidays,
    collection_sessions,
    slots,
    appointments,
    visits,
    screenings,
    deferrals,
    reactions,
    reminder_times,
    calendar_feeds,
    idempotency_keys,
    session_notices,
    forgiven_misses,
    booking_policy,
    message_policy,
    waitlist,
    kept_places,
    donor_groups,
    group_blocks,
    units,
    unit_events,
    unit_temperatures,
    unit_policy,
    teams,
    team_members,
    call_ups,
    call_up_answers,
    message_attempts,
    message_receipts,
    channel_circuits,
    message_preferences,
    wechat_subscriptions,
    opted_out,
    appeals,
    appeal_recipients,
    invitations_again,
    used_notices,
    daily_work,
);
