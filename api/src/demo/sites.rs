//! Where the demo city gives blood.

use super::draw::{happens, shared};
use crate::chance::Chance;

/// A site: its code in the records, and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// The code, as `site_code` holds it.
    pub code: &'static str,
    /// The name that people read.
    pub name: &'static str,
}

const fn site(code: &'static str, name: &'static str) -> Site {
    Site { code, name }
}

const HOUSE: Site = site("HOUSE-CENTRAL", "中心献血屋");
const SQUARE: Site = site("STREET-SQUARE", "广场献血点");
const STATION: Site = site("STREET-STATION", "火车站献血点");
const PARK: Site = site("STREET-PARK", "公园献血点");
const BUS_1: Site = site("BUS-1", "一号献血车");
const BUS_2: Site = site("BUS-2", "二号献血车");
const LUSHAN: Site = site("LUSHAN-HOUSE", "鲁山献血屋");
const BAOFENG: Site = site("BAOFENG-HOUSE", "宝丰献血屋");
const WUGANG: Site = site("WUGANG-HOUSE", "舞钢献血屋");
const RUZHOU: Site = site("RUZHOU-HOUSE", "汝州献血屋");
const LUSHAN_RURAL: Site = site("LUSHAN-RURAL", "鲁山下乡采血");
const BAOFENG_RURAL: Site = site("BAOFENG-RURAL", "宝丰下乡采血");
const WUGANG_RURAL: Site = site("WUGANG-RURAL", "舞钢下乡采血");
const RUZHOU_RURAL: Site = site("RUZHOU-RURAL", "汝州下乡采血");
const ELSEWHERE: Site = site("ELSEWHERE", "外地血站");

/// Every site that a donation of the demo city names: the central house, street sites, buses, the four
/// counties' houses and their rural sessions, and stations elsewhere.
pub const SITES: &[Site] = &[
    HOUSE,
    SQUARE,
    STATION,
    PARK,
    BUS_1,
    BUS_2,
    LUSHAN,
    BAOFENG,
    WUGANG,
    RUZHOU,
    LUSHAN_RURAL,
    BAOFENG_RURAL,
    WUGANG_RURAL,
    RUZHOU_RURAL,
    ELSEWHERE,
];

/// The area in which a donor lives, by the sites that are near.
#[derive(Debug, Clone, Copy)]
pub enum Area {
    /// The town.
    Town,
    /// 鲁山.
    Lushan,
    /// 宝丰.
    Baofeng,
    /// 舞钢.
    Wugang,
    /// 汝州.
    Ruzhou,
}

impl Area {
    /// An area, as likely as donors live there.
    pub fn drawn(chance: &mut Chance) -> Self {
        let counties = [(85, Self::Lushan), (90, Self::Baofeng), (75, Self::Wugang), (110, Self::Ruzhou)];
        shared(&counties, Self::Town, chance)
    }

    /// Where somebody who lives here gives whole blood: near by, and now and then in town.
    pub fn whole_blood_site(self, chance: &mut Chance) -> &'static str {
        let near = if happens(850, chance) { self } else { Self::Town };
        near.site(chance).code
    }

    fn site(self, chance: &mut Chance) -> Site {
        let town = [(220, SQUARE), (160, STATION), (110, PARK), (120, BUS_1), (80, BUS_2)];
        match self {
            Self::Town => shared(&town, HOUSE, chance),
            Self::Lushan => shared(&[(400, LUSHAN_RURAL)], LUSHAN, chance),
            Self::Baofeng => shared(&[(300, BAOFENG_RURAL)], BAOFENG, chance),
            Self::Wugang => shared(&[(250, WUGANG_RURAL)], WUGANG, chance),
            Self::Ruzhou => shared(&[(300, RUZHOU_RURAL)], RUZHOU, chance),
        }
    }
}

/// Where the machines for apheresis stand.
pub const APHERESIS_SITE: &str = HOUSE.code;

/// The code of donations that were given to another station.
pub const ELSEWHERE_SITE: &str = ELSEWHERE.code;
