//! The state of a stream behind each of its events, by the code of the scenario's own fold.
//!
//! A fold is pure: it sees nothing but its state and the event. So what it answers here is what a handler computes.

use tidewire_store::{SqlError, Value};

use crate::{Fold, Instruction, Label, Program};

/// Instructions that one event may run through; folds have no loops, so this is their length.
const MAX_STEPS: usize = 100_000;

impl Fold {
    /// The values of the state before the first event and behind each one, in order of [`Fold::state`].
    /// Events are names with their jsonb. The error is the first that an expression gives, such as 22P02 for an
    /// event that does not have what the fold reads.
    pub fn states<'e>(
        &self,
        program: &Program,
        events: impl IntoIterator<Item = (&'e Value, &'e Value)>,
    ) -> Result<Vec<Vec<Value>>, SqlError> {
        let slots = program.handlers[self.handler.index()].slots;
        let mut frame = vec![Value::Null; slots as usize];
        self.run(program, self.initial, &mut frame)?;
        let mut states = vec![self.state_of(&frame)];
        for (event, data) in events {
            frame[self.event.0.index()] = event.clone();
            frame[self.event.1.index()] = data.clone();
            self.run(program, self.next, &mut frame)?;
            states.push(self.state_of(&frame));
        }
        Ok(states)
    }

    fn state_of(&self, frame: &[Value]) -> Vec<Value> {
        self.state
            .iter()
            .map(|(_, slot, _)| frame[slot.index()].clone())
            .collect()
    }

    fn run(
        &self,
        program: &Program,
        (begin, end): (Label, Label),
        frame: &mut [Value],
    ) -> Result<(), SqlError> {
        let code = &program.handlers[self.handler.index()].code;
        let mut at = begin.index();
        for _ in 0..MAX_STEPS {
            if !(begin.index()..end.index()).contains(&at) {
                break;
            }
            at = match &code[at] {
                Instruction::Set(slot, scalar) => {
                    frame[slot.index()] = scalar.evaluate(frame, 0)?;
                    at + 1
                }
                Instruction::Unless(condition, label) => {
                    match condition.evaluate(frame, 0)? == Value::Boolean(true) {
                        true => at + 1,
                        false => label.index(),
                    }
                }
                Instruction::Jump(label) => label.index(),
                _ => at + 1,
            };
        }
        Ok(())
    }
}
