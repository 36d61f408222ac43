//! Messages in flight: one Canvas 2D layer above the diagram, drawn from the playhead with every frame.

use std::cell::Cell;
use std::f64::consts::{PI, TAU};
use std::rc::Rc;

use tidewire_session::view::{Token, TokenKind};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};
use yew::prelude::*;

use super::viewport::Viewport;
use crate::shapes::{along, centre};
use crate::shared::{Drawing, Tape};
use crate::ticker::{Pulse, Subscription, Ticker};

/// Marks in the browser's performance timeline that something moves: what a visitor waits for.
const FIRST_TOKEN: &str = "first-token";

/// What the layer is drawn from.
#[derive(Properties, PartialEq)]
pub(crate) struct TokensProps {
    /// The canvas.
    pub(crate) drawing: Drawing,
    /// The run.
    pub(crate) tape: Tape,
    /// The playhead.
    pub(crate) ticker: Ticker,
    /// What is seen.
    pub(crate) view: Viewport,
    /// Screen pixels.
    pub(crate) size: (f32, f32),
    /// The selected message.
    pub(crate) record: Option<u32>,
    /// Changes when colours change.
    pub(crate) theme: u32,
    /// Whether the canvas shows what runs.
    pub(crate) runs: bool,
}

/// Where a message is on the canvas.
pub(crate) fn place(token: &Token, drawing: &Drawing) -> Option<(f32, f32)> {
    if let Some((index, against)) = token.wire {
        let wire = drawing.wires.get(index as usize)?;
        let share = if against {
            1.0 - token.progress
        } else {
            token.progress
        };
        return Some(along(&wire.points, share));
    }
    let from = centre(drawing.nodes.get(token.from as usize)?.frame);
    let to = centre(drawing.nodes.get(token.to as usize)?.frame);
    Some(along(&[from, to], token.progress))
}

/// Colours of the theme, read once per change.
struct Palette {
    command: String,
    event: String,
    reply: String,
    transaction: String,
    failure: String,
    ground: String,
    accent: String,
    accent_tint: String,
    text: String,
}

impl Palette {
    fn read(element: &HtmlCanvasElement) -> Option<Self> {
        let style = web_sys::window()?.get_computed_style(element).ok()??;
        let colour = |name: &str| style.get_property_value(name).unwrap_or_default();
        Some(Self {
            command: colour("--message-command"),
            event: colour("--message-event"),
            reply: colour("--message-reply"),
            transaction: colour("--message-transaction"),
            failure: colour("--violation-solid"),
            ground: colour("--surface-canvas"),
            accent: colour("--accent-solid"),
            accent_tint: colour("--accent-tint"),
            text: colour("--text-secondary"),
        })
    }

    fn of(&self, kind: TokenKind) -> &str {
        match kind {
            TokenKind::Command => &self.command,
            TokenKind::Event => &self.event,
            TokenKind::Reply => &self.reply,
            TokenKind::Transaction => &self.transaction,
            TokenKind::Failure => &self.failure,
        }
    }
}

/// The layer.
pub(crate) struct Tokens {
    element: NodeRef,
    subscription: Option<Subscription>,
    /// Whether a message has been drawn on its way.
    moved: Rc<Cell<bool>>,
}

impl Component for Tokens {
    type Message = ();
    type Properties = TokensProps;

    fn create(_context: &Context<Self>) -> Self {
        Self {
            element: NodeRef::default(),
            subscription: None,
            moved: Rc::default(),
        }
    }

    fn view(&self, _context: &Context<Self>) -> Html {
        html! { <canvas class="tokens" ref={self.element.clone()} aria-hidden="true"></canvas> }
    }

    fn rendered(&mut self, context: &Context<Self>, _first: bool) {
        // Ends the old one first: it draws with old sizes.
        self.subscription = None;
        self.subscription = self.follow(context.props());
    }
}

impl Tokens {
    fn follow(&self, props: &TokensProps) -> Option<Subscription> {
        let element = self.element.cast::<HtmlCanvasElement>()?;
        let scale = web_sys::window()?.device_pixel_ratio().clamp(1.0, 3.0);
        let (width, height) = props.size;
        element.set_width((f64::from(width) * scale).round() as u32);
        element.set_height((f64::from(height) * scale).round() as u32);
        let context = element
            .get_context("2d")
            .ok()??
            .dyn_into::<CanvasRenderingContext2d>()
            .ok()?;
        let painter = Painter {
            palette: Palette::read(&element)?,
            context,
            scale,
            drawing: props.drawing.clone(),
            tape: props.tape.clone(),
            view: props.view,
            size: props.size,
            record: props.record,
            moved: Rc::clone(&self.moved),
        };
        if !props.runs {
            painter.clear();
            return None;
        }
        Some(props.ticker.subscribe(move |pulse| painter.paint(pulse)))
    }
}

struct Painter {
    context: CanvasRenderingContext2d,
    palette: Palette,
    scale: f64,
    drawing: Drawing,
    tape: Tape,
    view: Viewport,
    size: (f32, f32),
    record: Option<u32>,
    moved: Rc<Cell<bool>>,
}

impl Painter {
    fn clear(&self) {
        let scale = self.scale;
        // A canvas that cannot be transformed cannot be drawn on either.
        let _ = self.context.set_transform(scale, 0.0, 0.0, scale, 0.0, 0.0);
        self.context
            .clear_rect(0.0, 0.0, self.size.0.into(), self.size.1.into());
    }

    fn paint(&self, pulse: Pulse) {
        self.clear();
        let tokens = self
            .tape
            .read(|recording| recording.tokens(pulse.at_us, pulse.rest_us, &self.drawing));
        for token in &tokens {
            let Some(point) = place(token, &self.drawing) else {
                continue;
            };
            self.mark_first(token);
            let (x, y) = self.view.to_screen(point);
            let selected = self.record == Some(token.record);
            if token.again {
                self.ghost(f64::from(x), f64::from(y));
            }
            self.shape(token.kind, f64::from(x), f64::from(y), selected);
            if token.again && !selected {
                self.words("again", f64::from(x), f64::from(y));
            }
            if selected {
                self.label(token, f64::from(x), f64::from(y));
            }
        }
    }

    fn mark_first(&self, token: &Token) {
        let between = token.progress > 0.0 && token.progress < 1.0;
        if between && !self.moved.replace(true) {
            let performance = web_sys::window().and_then(|window| window.performance());
            // Only who measures misses a mark that cannot be set.
            let _ = performance.map(|performance| performance.mark(FIRST_TOKEN));
        }
    }

    fn shape(&self, kind: TokenKind, x: f64, y: f64, selected: bool) {
        let context = &self.context;
        let unit = f64::from(self.view.zoom).clamp(0.7, 1.4);
        if selected {
            self.disc(x, y, 11.0 * unit);
            context.set_fill_style_str(&self.palette.accent_tint);
            context.fill();
            context.set_stroke_style_str(&self.palette.accent);
            context.set_line_width(2.0);
            context.stroke();
        }
        let colour = self.palette.of(kind);
        match kind {
            TokenKind::Command => {
                context.begin_path();
                context.rect(x - 5.5 * unit, y - 5.5 * unit, 11.0 * unit, 11.0 * unit);
            }
            TokenKind::Transaction => {
                let reach = 7.5 * unit;
                context.begin_path();
                context.move_to(x, y - reach);
                context.line_to(x + reach, y);
                context.line_to(x, y + reach);
                context.line_to(x - reach, y);
                context.close_path();
            }
            TokenKind::Event => self.disc(x, y, 6.0 * unit),
            TokenKind::Reply | TokenKind::Failure => self.disc(x, y, 5.0 * unit),
        }
        let hollow = matches!(kind, TokenKind::Reply | TokenKind::Failure);
        if hollow {
            context.set_fill_style_str(&self.palette.ground);
            context.fill();
            context.set_stroke_style_str(colour);
            context.set_line_width(2.0);
            context.stroke();
        } else {
            context.set_stroke_style_str(&self.palette.ground);
            context.set_line_width(3.0);
            context.stroke();
            context.set_fill_style_str(colour);
            context.fill();
        }
        if kind == TokenKind::Failure {
            let reach = 2.2 * unit;
            context.begin_path();
            context.move_to(x - reach, y - reach);
            context.line_to(x + reach, y + reach);
            context.move_to(x + reach, y - reach);
            context.line_to(x - reach, y + reach);
            context.set_line_width(1.5);
            context.stroke();
        }
    }

    /// What was there before, behind a duplicate.
    fn ghost(&self, x: f64, y: f64) {
        let unit = f64::from(self.view.zoom).clamp(0.7, 1.4);
        self.disc(x + 5.0 * unit, y - 4.0 * unit, 6.0 * unit);
        let dashes = js_sys::Array::of2(&2.5.into(), &2.0.into());
        // Without dashes the ghost is a ring, which is as good.
        let _ = self.context.set_line_dash(&dashes);
        self.context
            .set_stroke_style_str(self.palette.of(TokenKind::Event));
        self.context.set_line_width(1.5);
        self.context.stroke();
        let _ = self.context.set_line_dash(&js_sys::Array::new());
    }

    fn disc(&self, x: f64, y: f64, radius: f64) {
        self.context.begin_path();
        // The arc of a positive radius is always drawn.
        let _ = self.context.arc(x, y, radius, -PI, TAU - PI);
    }

    fn label(&self, token: &Token, x: f64, y: f64) {
        let label = self.tape.read(|recording| {
            let record = recording.record(token.record)?;
            let text = recording.label(record);
            (!text.is_empty()).then(|| crate::format::shortened(text, 28))
        });
        if let Some(label) = label {
            self.words(&label, x, y);
        }
    }

    /// A text beside a message.
    fn words(&self, label: &str, x: f64, y: f64) {
        let context = &self.context;
        context.set_font("500 11px Inter, system-ui, sans-serif");
        context.set_text_baseline("middle");
        context.set_line_width(4.0);
        context.set_line_join("round");
        context.set_stroke_style_str(&self.palette.ground);
        // Text that cannot be drawn is not worth stopping for.
        let _ = context.stroke_text(label, x + 11.0, y);
        context.set_fill_style_str(&self.palette.text);
        let _ = context.fill_text(label, x + 11.0, y);
    }
}
