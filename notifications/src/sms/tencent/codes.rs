//! What Tencent Cloud's codes mean for the queue ("SendSms", error codes, and the common codes of its API).

use crate::reason::Reason;

pub(super) fn reason(code: &str) -> Reason {
    match code {
        "InvalidParameterValue.IncorrectPhoneNumber" | "UnsupportedOperation.UnsuportedRegion" => Reason::Recipient,
        "FailedOperation.PhoneNumberInBlacklist" => Reason::OptedOut,
        "FailedOperation.TemplateIncorrectOrUnapproved"
        | "FailedOperation.MissingTemplateList"
        | "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        | "FailedOperation.TemplateUnapprovedOrNotExist"
        | "InvalidParameterValue.InvalidTemplateFormat" => Reason::Template,
        "FailedOperation.ContainSensitiveWord"
        | "FailedOperation.FailResolvePacket"
        | "FailedOperation.JsonParseFail" => Reason::Content,
        // Advertising is sent from 8 to 22 o'clock only: later is soon enough.
        "FailedOperation.MarketingSendTimeConstraint" => Reason::Pace,
        "FailedOperation.InsufficientBalanceInSmsPackage"
        // The signature is the whole channel's, not one message's.
        | "FailedOperation.SignatureIncorrectOrUnapproved"
        | "FailedOperation.MissingSignature"
        | "FailedOperation.MissingSignatureList"
        | "FailedOperation.NotEnterpriseCertification"
        | "InvalidParameter.AppidAndBizId"
        | "InvalidParameterValue.SdkAppIdNotExist"
        | "InternalError.SigFieldMissing"
        | "InternalError.SigVerificationFail"
        | "InternalError.RequestTimeException"
        | "InternalError.RestApiInterfaceNotExist"
        | "InvalidAction"
        | "NoSuchVersion"
        | "UnsupportedRegion" => Reason::Account,
        _ => family(code),
    }
}

fn family(code: &str) -> Reason {
    match code.split('.').next().unwrap_or_default() {
        "LimitExceeded" | "RequestLimitExceeded" => Reason::Pace,
        "AuthFailure" | "UnauthorizedOperation" => Reason::Account,
        "InvalidParameter" | "InvalidParameterValue" | "MissingParameter" | "UnknownParameter" => {
            Reason::Content
        }
        "ServiceUnavailable" | "ResourceUnavailable" => Reason::Busy,
        "InternalError" => Reason::Unfinished,
        _ => Reason::Unknown,
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
                    "FailedOperation.PhoneNumberInBlacklist",
                    "InvalidParameterValue.IncorrectPhoneNumber",
                    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
                    "InvalidParameterValue.TemplateParameterLengthLimit",
                    "FailedOperation.TemplateIncorrectOrUnapproved",
                    "FailedOperation.ContainSensitiveWord",
                    "MissingParameter.EmptyPhoneNumberSet",
                ][..],
                Class::Permanent,
            ),
            (
                &[
                    "LimitExceeded.PhoneNumberDailyLimit",
                    "LimitExceeded.AppDailyLimit",
                    "RequestLimitExceeded",
                ],
                Class::Throttled,
            ),
            (
                &[
                    "FailedOperation.InsufficientBalanceInSmsPackage",
                    "FailedOperation.SignatureIncorrectOrUnapproved",
                    "AuthFailure.SignatureFailure",
                    "AuthFailure.SecretIdNotFound",
                    "UnauthorizedOperation.SerivceSuspendDueToArrears",
                    "InternalError.SigVerificationFail",
                ],
                Class::Account,
            ),
            (&["ServiceUnavailable", "ResourceUnavailable"], Class::Transient),
            (&["InternalError.Timeout", "InternalError.SendAndRecvFail", "InternalError"], Class::Ambiguous),
            (&["", "FailedOperation.OtherError", "FailedOperation", "New.Code"], Class::Ambiguous),
        ] {
            for code in codes {
                assert_eq!(reason(code).class(), class, "{code}");
            }
        }
    }

    #[test]
    fn only_the_number_and_the_opt_out_are_about_the_recipient() {
        assert!(reason("FailedOperation.PhoneNumberInBlacklist").is_about_recipient());
        assert!(reason("InvalidParameterValue.IncorrectPhoneNumber").is_about_recipient());
        assert!(!reason("InvalidParameterValue.TemplateParameterLengthLimit").is_about_recipient());
    }
}
