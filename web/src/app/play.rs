//! The playhead: every animation frame, every step, and what is said about it.

use gloo_render::request_animation_frame;
use tidewire_session::transport::Surroundings;
use tidewire_session::view::RecordKind;

use super::{App, Msg};
use crate::format::milliseconds;
use crate::shared::Shared;
use crate::ticker::Pulse;

impl App {
    /// Asks for the next animation frame.
    pub(super) fn request_frame(&mut self) {
        let dispatch = self.dispatch.clone();
        self._frame_request = Some(request_animation_frame(move |now_ms| {
            dispatch.emit(Msg::Tick(now_ms))
        }));
    }

    /// Lets real time pass. Draws again only when an event was passed.
    pub(super) fn tick(&mut self, now_ms: f64) -> bool {
        self.request_frame();
        let elapsed = self.last_tick.map_or(0.0, |last| now_ms - last);
        self.last_tick = Some(now_ms);
        if !self.transport.playing {
            return false;
        }
        let around = self.surroundings();
        self.transport.advance(elapsed, around);
        if self.meet_question() {
            self.refresh_frame();
            return true;
        }
        let stopped = !self.transport.playing;
        self.pulse();
        let records = self
            .tape
            .read(|recording| recording.records_until(self.transport.at_us));
        let down = self
            .frame
            .nodes
            .iter()
            .any(|node| node.crashed_since_us.is_some());
        let down_moved = down && self.transport.at_us.abs_diff(self.frame.at_us) >= 1_000;
        if records == self.last_records && !stopped && !down_moved {
            return false;
        }
        self.refresh_frame();
        if stopped {
            self.polite = format!("The run is over at {}", milliseconds(self.transport.at_us));
        }
        true
    }

    fn surroundings(&self) -> Surroundings {
        let at_us = self.transport.at_us;
        self.tape.read(|recording| Surroundings {
            reached_us: recording.reached_us(),
            finished: self.finished,
            idle_until_us: recording.idle_until(at_us),
            next_event_us: recording.next_event(at_us),
        })
    }

    /// Tells moving elements where the playhead is.
    fn pulse(&self) {
        let rest_us = if self.transport.reduced_motion {
            u64::MAX / 4
        } else {
            self.transport.rest_us()
        };
        self.ticker.tell(Pulse {
            at_us: self.transport.at_us,
            rest_us: rest_us.min(2_000_000),
        });
    }

    /// Computes what stands at the playhead.
    pub(super) fn refresh_frame(&mut self) {
        let at_us = self.transport.at_us;
        let (frame, records) = self
            .tape
            .read(|recording| (recording.frame(at_us), recording.records_until(at_us)));
        self.last_records = records;
        self.tell_violations(&frame);
        self.frame = Shared::new(frame);
        self.pulse();
        self.inspect();
    }

    /// Says each violation once, when the playhead first passes it.
    fn tell_violations(&mut self, frame: &tidewire_session::view::Frame) {
        for (index, invariant) in frame.invariants.iter().enumerate().take(32) {
            let bit = 1 << index;
            if invariant.state == 2 && self.told_violations & bit == 0 {
                self.told_violations |= bit;
                let at = invariant.violated_at_us.unwrap_or(frame.at_us);
                self.urgent = format!("Broken at {}: {}", milliseconds(at), invariant.sentence);
            }
        }
    }

    pub(super) fn play_pause(&mut self) {
        let over = self.finished
            && self.transport.at_us >= self.tape.read(|recording| recording.reached_us());
        if !self.transport.playing && over {
            self.transport.seek(0);
        }
        self.transport.playing = !self.transport.playing;
        self.last_tick = None;
        self.polite = if self.transport.playing {
            "Playing"
        } else {
            "Paused"
        }
        .to_owned();
        self.refresh_frame();
    }

    pub(super) fn seek(&mut self, at_us: u64) {
        let reached = self.tape.read(|recording| recording.reached_us());
        if at_us == u64::MAX {
            self.transport.playing = false;
        }
        self.transport.seek(at_us.min(reached));
        self.refresh_frame();
        self.say_moment();
        self.meet_question();
    }

    /// Steps to the next instant at which something happens, or to the one before.
    pub(super) fn step(&mut self, forward: bool) {
        self.transport.playing = false;
        let at_us = self.transport.at_us;
        let target = self.tape.read(|recording| {
            if forward {
                recording.next_event(at_us)
            } else {
                Some(recording.previous_event(at_us).unwrap_or(0))
            }
        });
        if let Some(target) = target {
            self.transport.seek(target);
        }
        self.refresh_frame();
        self.say_moment();
        self.meet_question();
    }

    /// While paused, each step is spoken.
    fn say_moment(&mut self) {
        if !self.transport.playing {
            self.polite = format!(
                "{}: {}",
                milliseconds(self.transport.at_us),
                self.frame.sentence
            );
        }
    }

    pub(super) fn set_speed(&mut self, speed: usize) {
        self.transport.speed = speed.min(tidewire_session::transport::SPEEDS.len() - 1);
        self.pulse();
    }

    pub(super) fn faster(&mut self, faster: bool) {
        if faster {
            self.transport.faster();
        } else {
            self.transport.slower();
        }
        self.polite = format!("Speed {}", self.transport.speed_label());
        self.pulse();
    }

    pub(super) fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
        self.polite = format!("Seed {seed}");
        self.start_run();
        self.keep();
    }

    /// To the previous cause or the next effect of the selected message.
    pub(super) fn along(&mut self, forward: bool) {
        let Some(record) = self.trace.record else {
            self.polite = "Select a message first.".to_owned();
            return;
        };
        let next = self.tape.read(|recording| {
            let all = if forward {
                recording.effects(record)
            } else {
                recording.causes(record)
            };
            let visible = |index: &u32| {
                recording.record(*index).is_some_and(|found| {
                    !matches!(found.kind, RecordKind::Delivered | RecordKind::Queued)
                })
            };
            let found = if forward {
                all.into_iter().find(visible)
            } else {
                all.into_iter().rev().find(visible)
            };
            found.and_then(|index| Some((index, recording.record(index)?.at_us)))
        });
        if let Some((index, at_us)) = next {
            self.transport.playing = false;
            self.transport.seek(at_us);
            self.select_record(Some(index));
            self.refresh_frame();
            self.polite = self.tape.read(|recording| recording.describe(index));
        }
    }
}
