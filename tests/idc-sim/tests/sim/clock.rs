//! The clock and the `Date` header.

use std::time::UNIX_EPOCH;

use idc_sim::{DateHeader, IdcSim};

use crate::client::{Client, hours};

/// The day of an HTTP date, and that of the simulator's clock in the same form.
fn days(sim: &IdcSim) -> (String, String) {
    let date = Client::new(sim).get("/device").header("date").to_owned();
    let day = sim.now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() / 86_400;
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][usize::try_from(day % 7).expect("a day")];
    (date[..3].to_owned(), weekday.to_owned())
}

#[test]
fn the_date_follows_the_clock_by_switch() {
    for (switch, follows) in [(DateHeader::FollowsClock, true), (DateHeader::RealTime, false)] {
        let sim = IdcSim::builder().date_header(switch).start();
        sim.advance(hours(3 * 24));
        let (shown, clock) = days(&sim);
        assert_eq!(shown == clock, follows, "{switch:?}");
    }
}

#[test]
fn the_clock_goes_both_ways() {
    let sim = IdcSim::builder().start();
    let start = sim.now();
    sim.advance(hours(2));
    assert!(sim.now() >= start + hours(2));
    sim.rewind(hours(3));
    assert!(sim.now() < start);
}
