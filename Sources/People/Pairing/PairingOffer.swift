package import CentralStore
package import Core

/// What a code gives to whoever sends it; fixed when the code is made.
package struct PairingOffer: Sendable, Equatable {
    /// What the sender becomes.
    package enum Purpose: Sendable, Equatable {
        /// An owner.
        case owner
        /// A member of the group, on this channel only unless it is nil.
        case member(AgentGroupID, channel: String?)
        /// The same human as the code's maker.
        case link
    }

    package var purpose: Purpose
    /// The direct chat that the code comes from is wired to this group.
    package var wires: AgentGroupID?

    package init(_ purpose: Purpose, wires: AgentGroupID? = nil) {
        self.purpose = purpose
        self.wires = wires
    }

    /// Whether somebody with these rights may give it: an owner makes owners, a group's admin its members; their own
    /// handles anybody links.
    package func mayBeMade(by access: Access) -> Bool {
        guard wires.map(access.isAdmin) ?? true else { return false }
        switch purpose {
        case .owner: return access.isOwner
        case .member(let group, _): return access.isAdmin(of: group)
        case .link: return true
        }
    }
}
