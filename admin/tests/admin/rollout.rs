//! A company whose access file has both halves: groups of the realm, and permission sets for them.

use std::time::Duration;

use idc_sim::IdcSim;
use kcaws_test_keycloak::Server;
use kcaws_test_kit::Output;

use crate::site::access_writes;
use crate::staff::Staff;

pub(crate) const ACCOUNTS: [&str; 2] = ["111122223333", "222233334444"];

pub(crate) struct Rollout<'k> {
    pub(crate) staff: Staff<'k>,
    /// The access file without permission sets.
    head: String,
}

impl<'k> Rollout<'k> {
    /// Nobody, and nothing that anybody could have.
    pub(crate) fn new(server: &'k Server) -> Self {
        let sim = IdcSim::builder().no_assignments().operation_time(Duration::from_millis(60));
        let staff = Staff::new(server, sim.admin_throttle(None));
        let head = staff.company.env.read_home_file("access.toml");
        Self { staff, head }
    }

    pub(crate) fn sim(&self) -> &IdcSim {
        &self.staff.company.sim
    }

    /// Writes an access file in which these groups have `Power` in both accounts, and nobody else.
    pub(crate) fn assign(&self, groups: &[&str]) {
        self.write(&format!(
            "[permission_sets.Power]\nmanaged = [\"PowerUserAccess\"]\n\n[[assign]]\nset = \"Power\"\n\
             groups = {groups:?}\naccounts = {ACCOUNTS:?}\n\n[unlisted]\nassignments = \"remove\"\n"
        ));
    }

    /// Writes the access file anew, with this after its other parts.
    pub(crate) fn write(&self, access: &str) {
        self.staff.company.env.write_home_file("access.toml", format!("{}\n{access}", self.head));
    }

    /// Takes `[directory]` out of the access file.
    pub(crate) fn without_directory(&mut self) {
        self.head = self.head.split("[directory]").next().unwrap().to_owned();
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.staff.company.run(line)
    }

    /// How many requests changed something, in both halves.
    pub(crate) fn writes(&self) -> usize {
        self.staff.writes() + access_writes(self.sim())
    }

    #[track_caller]
    pub(crate) fn unchanged(&self) {
        self.run("plan --exit-code").expect_code(0).expect_stdout("no changes");
    }

    /// The accounts in which somebody has `Power` by a group.
    pub(crate) fn accounts_of(&self, address: &str) -> Vec<String> {
        let sim = self.sim();
        let all = sim.assignments().into_iter().filter(|(_, _, set)| set == "Power");
        let of = all.filter(|(group, ..)| sim.members_of(group).iter().any(|member| member == address));
        let mut accounts: Vec<String> = of.map(|(_, account, _)| account).collect();
        accounts.sort();
        accounts.dedup();
        accounts
    }
}
