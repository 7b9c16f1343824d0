//! Who may do what: one table.

use super::refusal::words;

/// What somebody is to the station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A donor, or a relative who manages a donor's record.
    Donor,
    /// A hospital's cashier.
    Desk,
    /// Whoever manages a hospital's desks and systems.
    HospitalAdmin,
    /// A hospital's own system.
    System,
    /// The station's staff at the window and on the telephone.
    Operator,
    /// The station's physician.
    Doctor,
    /// Who reviews claims and decides on records.
    Reviewer,
    /// Who manages the station's users and hospitals.
    Admin,
    /// Who reads the audit trail, and nothing else.
    Auditor,
}
words!(Role {
    Donor = "donor", Desk = "desk", HospitalAdmin = "hospital_admin", System = "system", Operator = "operator",
    Doctor = "doctor", Reviewer = "reviewer", Admin = "admin", Auditor = "auditor",
});

impl Role {
    /// Whether a user of this role belongs to a hospital: `None` for those who are no users.
    pub fn of_hospital(self) -> Option<bool> {
        match self {
            Self::Donor | Self::System => None,
            Self::Desk | Self::HospitalAdmin => Some(true),
            Self::Operator | Self::Doctor | Self::Reviewer | Self::Admin | Self::Auditor => Some(false),
        }
    }

    /// Whether whoever has this role sees one hospital, and no other.
    pub fn belongs_to_a_hospital(self) -> bool {
        self == Self::System || self.of_hospital() == Some(true)
    }

    /// Whether whoever has this role may do this.
    pub fn may(self, permission: Permission) -> bool {
        TABLE.iter().any(|(row, roles)| *row == permission && roles.contains(&self))
    }

    /// Whether whoever has this role may invite users of the role `invited`.
    pub fn may_invite(self, invited: Self) -> bool {
        match self {
            Self::Admin => invited.of_hospital().is_some(),
            Self::HospitalAdmin => invited == Self::Desk,
            _ => false,
        }
    }
}

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See and end one's own sessions.
    OwnSessions,
    /// Whatever a donor does with the own account and the records that it manages.
    OwnAccount,
    /// See one's hospital.
    ReadHospital,
    /// Register and revoke the systems of one's hospital.
    ManageHospital,
    /// Enter hospitals.
    ManageHospitals,
    /// Invite and disable users: all, or one's hospital's desks.
    ManageUsers,
    /// Look donors up, for a stated purpose.
    FindDonors,
    /// Help a donor who stands at the window with a document in hand.
    AssistDonors,
    /// See merges that were proposed, and those in force.
    SeeMerges,
    /// Propose that two records are one person's, or are not.
    ProposeMerges,
    /// Decide on what a colleague proposed.
    DecideMerges,
    /// Manage sites, their weekly templates, sessions and slots.
    ManageSchedule,
    /// Manage emergency teams, and call them up.
    ManageTeams,
    /// Appeal to donors, and see what came of it.
    ManageAppeals,
    /// Check donors in, screen them, record what came of it.
    WorkAtTheDoor,
    /// See and lift deferrals.
    DecideDeferrals,
    /// Ask donors who had an adverse reaction how they are.
    FollowReactions,
    /// Read what donors answered before a donation.
    ReadQuestionnaires,
    /// Check the pass that a donor shows at the desk.
    CheckPasses,
    /// Read what became of a donation's units.
    ReadUnits,
    /// Settle when donors are shown what became of a donation.
    ManageUnits,
    /// See what became of messages, send them again, give them up.
    HandleMessages,
    /// Read the audit trail.
    ReadAudit,
}

const TABLE: &[(Permission, &[Role])] = &[
    (
        Permission::OwnSessions,
        &[
            Role::Donor,
            Role::Desk,
            Role::HospitalAdmin,
            Role::Operator,
            Role::Doctor,
            Role::Reviewer,
            Role::Admin,
            Role::Auditor,
        ],
    ),
    (Permission::OwnAccount, &[Role::Donor]),
    (Permission::ReadHospital, &[Role::Desk, Role::HospitalAdmin, Role::System, Role::Admin]),
    (Permission::ManageHospital, &[Role::HospitalAdmin, Role::Admin]),
    (Permission::ManageHospitals, &[Role::Admin]),
    (Permission::ManageUsers, &[Role::HospitalAdmin, Role::Admin]),
    (Permission::FindDonors, &[Role::Operator, Role::Doctor, Role::Reviewer]),
    (Permission::AssistDonors, &[Role::Operator]),
    (Permission::SeeMerges, &[Role::Operator, Role::Reviewer, Role::Admin]),
    (Permission::ProposeMerges, &[Role::Operator, Role::Reviewer]),
    (Permission::DecideMerges, &[Role::Reviewer, Role::Admin]),
    (Permission::ManageSchedule, &[Role::Operator, Role::Admin]),
    (Permission::ManageTeams, &[Role::Operator, Role::Admin]),
    (Permission::ManageAppeals, &[Role::Operator, Role::Admin]),
    (Permission::WorkAtTheDoor, &[Role::Operator, Role::Doctor]),
    (Permission::DecideDeferrals, &[Role::Doctor]),
    (Permission::FollowReactions, &[Role::Doctor]),
    (Permission::ReadQuestionnaires, &[Role::Doctor]),
    (Permission::CheckPasses, &[Role::Operator, Role::Doctor]),
    (Permission::ReadUnits, &[Role::Operator, Role::Doctor]),
    (Permission::ManageUnits, &[Role::Doctor, Role::Admin]),
    (Permission::HandleMessages, &[Role::Operator, Role::Admin]),
    (Permission::ReadAudit, &[Role::Auditor]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_donor_may_nothing_of_the_station_s_and_staff_nothing_of_a_donor_s() {
        for (permission, _) in TABLE {
            let own = matches!(permission, Permission::OwnAccount | Permission::OwnSessions);
            assert_eq!(Role::Donor.may(*permission), own, "{permission:?}");
        }
        let others = Role::ALL.iter().filter(|role| **role != Role::Donor);
        assert!(others.into_iter().all(|role| !role.may(Permission::OwnAccount)));
    }

    #[test]
    fn a_hospital_invites_its_desks_and_only_the_station_s_admin_anybody_else() {
        assert!(Role::HospitalAdmin.may_invite(Role::Desk));
        assert!(!Role::HospitalAdmin.may_invite(Role::HospitalAdmin));
        assert!(!Role::HospitalAdmin.may_invite(Role::Operator));
        assert!(Role::Admin.may_invite(Role::HospitalAdmin) && Role::Admin.may_invite(Role::Admin));
        assert!(!Role::Admin.may_invite(Role::Donor) && !Role::Admin.may_invite(Role::System));
    }
}
