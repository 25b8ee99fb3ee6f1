/// When the states of one draft are shown.
struct DraftPacing: Sendable, Equatable {
    /// What is to be done now.
    enum Step: Sendable, Equatable {
        case show
        /// Nothing before this time.
        case look(at: Duration)
    }

    /// A message of an instant is not shown in parts.
    static let grace: Duration = .milliseconds(300)
    /// What is shorter than ``enough`` is first shown after this time.
    static let patience: Duration = .seconds(1)
    /// Characters.
    static let enough = 40

    /// Between two states.
    let every: Duration
    /// The first state waits, so that short messages are sent whole.
    let isPatient: Bool
    /// When the first words came.
    let began: Duration
    /// When a state was last shown.
    private(set) var shownAt: Duration?
    private(set) var heldUntil: Duration = .zero

    init(every: Duration, isPatient: Bool, began: Duration) {
        self.every = every
        self.isPatient = isPatient
        self.began = began
    }

    /// For a text of so many characters, of which people may have seen all.
    func step(characters: Int, isNew: Bool, at now: Duration) -> Step {
        let due = max(heldUntil, shownAt.map { $0 + every } ?? (isPatient ? began + Self.grace : began))
        guard due <= now else { return .look(at: due) }
        if shownAt == nil, isPatient, characters < Self.enough, began + Self.patience > now {
            return .look(at: began + Self.patience)
        }
        return isNew ? .show : .look(at: now + every)
    }

    /// A state is handed to the platform.
    mutating func shown(at now: Duration) { shownAt = now }

    /// The platform wants to hear nothing for a time.
    mutating func hold(until end: Duration) { heldUntil = max(heldUntil, end) }

    func isHeld(at now: Duration) -> Bool { heldUntil > now }
}
