package import Core

/// A named place that the agent may send to.
package struct PromptDestination: Sendable, Hashable {
    package let name: String
    package let displayName: String?
    /// Where it leads; for another agent group channel `agent` and its id.
    package let address: ChatAddress

    /// A destination as the prompt shows it.
    package init(name: String, displayName: String? = nil, address: ChatAddress) {
        self.name = name
        self.displayName = displayName
        self.address = address
    }
}

/// The destinations of a turn, by name and by address.
package struct AddressBook: Sendable {
    /// Sorted by name.
    package let destinations: [PromptDestination]

    /// A book of these; of two with one name the first counts.
    package init(_ destinations: [PromptDestination]) {
        var seen: Set<String> = []
        self.destinations = destinations.filter { seen.insert($0.name).inserted }.sorted { $0.name < $1.name }
    }

    /// The destination of that name, upper and lower case alike.
    package func destination(named name: String) -> PromptDestination? {
        destinations.first { $0.name == name }
            ?? destinations.first { $0.name.lowercased() == name.trimmingWhiteSpace.lowercased() }
    }

    /// What the agent calls the sender's place: a destination's name, else `unknown:<channel>:<id>`;
    /// nil without an address.
    package func name(of address: ChatAddress?) -> String? {
        guard let address else { return nil }
        return destinations.first { $0.address.chat == address.chat }?.name
            ?? "unknown:\(address.channel):\(address.platformID)"
    }

    /// All names, for an error that tells the agent what it may write.
    package var names: String {
        destinations.isEmpty ? "none" : destinations.map(\.name).joined(separator: ", ")
    }
}
