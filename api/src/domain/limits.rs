//! How often somebody may try: every limit of the API that is about more than load.

use super::rate::{Limit, Window};

const MINUTE: u32 = 60;
const HOUR: u32 = 3_600;
const DAY: u32 = 86_400;

const fn window(limit: u32, seconds: u32) -> Window {
    Window { limit, seconds }
}

/// One-time codes to one telephone number.
pub const CODES_TO_PHONE: Limit =
    Limit { name: "otp-phone", windows: &[window(1, MINUTE), window(5, HOUR), window(10, DAY)] };
/// One-time codes asked for from one address: a mobile network shows many people under one.
pub const CODES_FROM_ADDRESS: Limit =
    Limit { name: "otp-address", windows: &[window(10, MINUTE), window(60, HOUR), window(300, DAY)] };
/// Sign-ins tried from one address.
pub const SIGN_INS_FROM_ADDRESS: Limit =
    Limit { name: "sign-in-address", windows: &[window(60, MINUTE), window(600, HOUR)] };
/// Claims on one identity number, whoever makes them.
pub const CLAIMS_ON_IDENTITY: Limit =
    Limit { name: "identity", windows: &[window(3, MINUTE), window(5, HOUR), window(10, DAY)] };
/// Claims on records, and entered sharing codes, by one account.
pub const CLAIMS_BY_ACCOUNT: Limit =
    Limit { name: "claims", windows: &[window(3, MINUTE), window(10, HOUR), window(20, DAY)] };
/// Look-ups of donors by one member of staff: nobody reads the whole file.
pub const LOOK_UPS: Limit =
    Limit { name: "look-ups", windows: &[window(30, MINUTE), window(300, HOUR), window(1_500, DAY)] };
