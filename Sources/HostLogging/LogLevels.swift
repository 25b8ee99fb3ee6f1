package import Logging
import Synchronization

/// The least level that is logged, for each component; may be changed while the host runs.
package final class LogLevels: Sendable {
    private struct State {
        var standard: Logger.Level
        var components: [String: Logger.Level]
    }
    private let state: Mutex<State>

    /// Levels by component; `standard` is for all others.
    package init(standard: Logger.Level = .info, components: [String: Logger.Level] = [:]) {
        state = Mutex(State(standard: standard, components: components))
    }

    /// What holds for a component: its own level, else that of the part before its last dot, else the standard one.
    package func level(of component: String) -> Logger.Level {
        state.withLock { state in
            if state.components.isEmpty { return state.standard }
            var name = Substring(component)
            while true {
                if let level = state.components[String(name)] { return level }
                guard let dot = name.lastIndex(of: ".") else { return state.standard }
                name = name[..<dot]
            }
        }
    }

    /// Sets the level of a component, or without one the standard level; nil takes a component's own level away.
    package func set(_ level: Logger.Level?, for component: String? = nil) {
        state.withLock { state in
            if let component {
                state.components[component] = level
            } else if let level {
                state.standard = level
            }
        }
    }

    /// The standard level, and those of components.
    package var all: (standard: Logger.Level, components: [String: Logger.Level]) {
        state.withLock { ($0.standard, $0.components) }
    }
}
