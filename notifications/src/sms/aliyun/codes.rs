//! What Alibaba Cloud's codes mean for the queue ("Domestic SMS API error codes", and the common codes of its API gateway).

use crate::reason::Reason;

pub(super) fn reason(code: &str) -> Reason {
    match code {
        "isv.MOBILE_NUMBER_ILLEGAL" | "isv.PHONE_NUMBER_ILLEGAL" => Reason::Recipient,
        "isv.CUSTOMER_REFUSED" => Reason::OptedOut,
        "isv.SMS_TEMPLATE_ILLEGAL"
        | "isv.TEMPLATE_MISSING_PARAMETERS"
        | "isv.TEMPLATE_PARAMS_ILLEGAL"
        | "isv.SMS_SIGNATURE_SCENE_ILLEGAL"
        | "isv.DOMESTIC_NUMBER_NOT_SUPPORTED"
        | "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE" => Reason::Template,
        "isv.BLACK_KEY_CONTROL_LIMIT"
        | "isv.PARAM_NOT_SUPPORT_URL"
        | "isv.PARAM_LENGTH_LIMIT"
        | "isv.SMS_CONTENT_ILLEGAL"
        | "isv.INVALID_JSON_PARAM"
        | "isv.INVALID_PARAMETERS" => Reason::Content,
        "isv.BUSINESS_LIMIT_CONTROL" | "isv.DAY_LIMIT_CONTROL" | "isv.SMS_OVER_LIMIT" | "Throttling" => Reason::Pace,
        // A month is no pace: somebody has to raise the limit.
        "isv.MONTH_LIMIT_CONTROL"
        | "isv.OUT_OF_SERVICE"
        | "isv.AMOUNT_NOT_ENOUGH"
        | "isv.PRODUCT_UN_SUBSCRIPT"
        | "isv.PRODUCT_UNSUBSCRIBE"
        | "isv.ACCOUNT_NOT_EXISTS"
        | "isv.ACCOUNT_ABNORMAL"
        | "isv.DENY_IP_RANGE"
        | "isv.EXTEND_CODE_ERROR"
        // The signature is the whole channel's, not one message's.
        | "isv.SMS_SIGNATURE_ILLEGAL"
        | "isv.SMS_SIGN_ILLEGAL"
        | "isv.SIGN_NAME_ILLEGAL"
        | "isv.SIGN_STATE_ILLEGAL"
        | "isp.RAM_PERMISSION_DENY"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "NoPermission" => Reason::Account,
        "ServiceUnavailable" => Reason::Busy,
        // A nonce that was seen: the attempt before this one was read, whatever became of it.
        "SignatureNonceUsed" | "InternalError" | "isp.SYSTEM_ERROR" | "isp.UNKNOWN_ERR_CODE" | "isp.GATEWAY_ERROR" => {
            Reason::Unfinished
        }
        _ => family(code),
    }
}

fn family(code: &str) -> Reason {
    let of = |family: &str| code.starts_with(family);
    match () {
        () if of("Throttling.") => Reason::Pace,
        () if of("InvalidAccessKeyId")
            || of("InvalidAccessKeySecret")
            || of("InvalidTimeStamp")
            || of("Forbidden") =>
        {
            Reason::Account
        }
        () if of("ServiceUnavailable.") => Reason::Busy,
        () if of("InternalError.") => Reason::Unfinished,
        () => Reason::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Class;

    #[test]
    fn every_code_has_its_class() {
        for (codes, class) in [
            (
                &[
                    "isv.MOBILE_NUMBER_ILLEGAL",
                    "isv.CUSTOMER_REFUSED",
                    "isv.SMS_TEMPLATE_ILLEGAL",
                    "isv.TEMPLATE_MISSING_PARAMETERS",
                    "isv.BLACK_KEY_CONTROL_LIMIT",
                    "isv.PARAM_NOT_SUPPORT_URL",
                    "isv.PARAM_LENGTH_LIMIT",
                ][..],
                Class::Permanent,
            ),
            (
                &["isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "Throttling", "Throttling.User"],
                Class::Throttled,
            ),
            (
                &[
                    "isv.OUT_OF_SERVICE",
                    "isv.AMOUNT_NOT_ENOUGH",
                    "isv.MONTH_LIMIT_CONTROL",
                    "isv.SMS_SIGNATURE_ILLEGAL",
                    "isp.RAM_PERMISSION_DENY",
                    "InvalidAccessKeyId.NotFound",
                    "InvalidAccessKeyId.Inactive",
                    "SignatureDoesNotMatch",
                    "InvalidTimeStamp.Expired",
                    "Forbidden.RAM",
                ],
                Class::Account,
            ),
            (&["ServiceUnavailable"], Class::Transient),
            (&["InternalError", "isp.SYSTEM_ERROR", "SignatureNonceUsed"], Class::Ambiguous),
            (&["", "isv.NEW", "OK2", "ok", "throttling"], Class::Ambiguous),
        ] {
            for code in codes {
                assert_eq!(reason(code).class(), class, "{code}");
            }
        }
    }

    #[test]
    fn only_the_number_and_the_opt_out_are_about_the_recipient() {
        assert!(reason("isv.MOBILE_NUMBER_ILLEGAL").is_about_recipient());
        assert!(reason("isv.CUSTOMER_REFUSED").is_about_recipient());
        assert!(!reason("isv.SMS_TEMPLATE_ILLEGAL").is_about_recipient());
        assert!(!reason("isv.BLACK_KEY_CONTROL_LIMIT").is_about_recipient());
    }
}
