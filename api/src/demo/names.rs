//! Invented names, composed of common parts.

use super::draw::{happens, one_of};
use crate::chance::Chance;
use crate::domain::identity::Sex;

/// Nearly half of all people have one of these.
const COMMONEST_FAMILIES: &[&str] = &["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"];

const FAMILIES: &[&str] = &[
    "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯",
    "于", "董", "萧", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾", "彭", "吕", "苏", "卢", "蒋", "蔡",
    "贾", "丁", "魏", "薛", "叶", "阎", "余", "潘", "杜", "戴", "夏", "钟", "汪", "田", "任", "姜", "范",
    "方", "石", "姚", "谭", "廖", "邹", "熊", "金", "陆", "郝", "孔", "白", "崔", "康", "毛", "邱", "秦",
    "江", "史", "顾", "侯", "邵", "孟", "龙", "万", "段", "雷", "钱", "汤",
];

const DOUBLE_FAMILIES: &[&str] =
    &["欧阳", "上官", "司马", "诸葛", "皇甫", "慕容", "令狐", "司徒", "夏侯", "南宫"];

const MEN_S_CHARACTERS: &[&str] = &[
    "伟", "强", "磊", "军", "勇", "杰", "涛", "明", "超", "刚", "平", "辉", "鹏", "飞", "波", "斌", "宇",
    "浩", "凯", "健", "俊", "帆", "旭", "宁", "龙", "林", "峰", "志", "建", "国", "海", "文", "东", "博",
    "轩", "泽", "晨", "阳", "亮", "瑞", "恒", "毅", "诚", "安", "振", "庆", "松", "洋", "航", "然",
];

const WOMEN_S_CHARACTERS: &[&str] = &[
    "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "秀", "玲", "桂", "英", "慧", "红", "玉", "萍", "燕",
    "梅", "琳", "洁", "雪", "颖", "倩", "婷", "莉", "欣", "怡", "佳", "雯", "晴", "悦", "瑶", "彤", "岚",
    "珍", "兰", "凤", "云", "月", "莹", "蕾", "薇", "露", "媛", "诗", "思", "语", "涵", "宁", "文",
];

const MINORITY_MEN: &[&str] = &["阿迪力", "艾山", "买买提", "吐尔逊", "艾力", "库尔班", "多吉", "巴特尔"];
const MINORITY_WOMEN: &[&str] =
    &["古丽娜尔", "阿依古丽", "热依拉", "帕提古丽", "卓玛", "其其格", "玛依拉", "迪丽努尔"];

const FOREIGN_MEN: &[&str] = &["Jonas", "Pavel", "Samuel", "Marco", "Andrei", "Kenji"];
const FOREIGN_WOMEN: &[&str] = &["Anna", "Ingrid", "Maria", "Claire", "Yuki", "Olga"];
const FOREIGN_FAMILIES: &[&str] =
    &["Lindqvist", "Novak", "Okafor", "Müller", "O'Brien", "Sato", "Ivanova-Reyes"];

/// A name as residents have it: mostly a family name of one character and a given name of two; now and
/// then a double family name; of minorities a name and the father's name with `·` between.
pub fn resident(sex: Sex, chance: &mut Chance) -> String {
    if happens(6, chance) {
        let own = if sex == Sex::Male { MINORITY_MEN } else { MINORITY_WOMEN };
        return format!("{}·{}", one_of(own, chance), one_of(MINORITY_MEN, chance));
    }
    format!("{}{}", family(chance), given(sex, chance))
}

/// A name as foreigners have it in their passports.
pub fn foreign(sex: Sex, chance: &mut Chance) -> String {
    let given = if sex == Sex::Male { FOREIGN_MEN } else { FOREIGN_WOMEN };
    format!("{} {}", one_of(given, chance), one_of(FOREIGN_FAMILIES, chance))
}

fn family(chance: &mut Chance) -> &'static str {
    let families = if happens(8, chance) {
        DOUBLE_FAMILIES
    } else if happens(450, chance) {
        COMMONEST_FAMILIES
    } else {
        FAMILIES
    };
    one_of(families, chance)
}

fn given(sex: Sex, chance: &mut Chance) -> String {
    let characters = if sex == Sex::Male { MEN_S_CHARACTERS } else { WOMEN_S_CHARACTERS };
    let first = one_of(characters, chance);
    let second = if happens(780, chance) { one_of(characters, chance) } else { "" };
    format!("{first}{second}")
}
