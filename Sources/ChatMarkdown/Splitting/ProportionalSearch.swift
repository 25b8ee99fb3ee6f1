/// Looks for how much of a text fits, with as few measurements as can be: each renders what it measures.
struct ProportionalSearch {
    /// How much there is.
    var count: Int
    /// What it may cost.
    var budget: Int
    /// The last place at an offset or before it where a measurement makes sense.
    var floor: (Int) -> Int
    /// The first such place behind one.
    var following: (Int) -> Int

    private static let stepsByProportion = 6

    /// The greatest amount whose cost, which grows with it, is within the budget; 0 when nothing fits.
    ///
    /// One that takes 19 twentieths of the budget is taken as well.
    func longest(from first: Int, _ cost: (Int) -> Int) -> Int {
        var low = 0
        var high = count + 1
        var guess = floor(min(count, max(1, first)))
        if guess == 0 { guess = following(0) }
        var steps = 0
        while guess > low, guess < high {
            let found = cost(guess)
            if found <= budget {
                low = guess
                if low == count || found * 20 >= budget * 19 { break }
            } else {
                high = guess
            }
            steps += 1
            // Text is alike all over, so that a few steps by proportion come near; then halves for certain.
            var next = low + (high - low) / 2
            if steps < Self.stepsByProportion, found > 0, found < .max / 2 {
                let (scaled, overflow) = budget.multipliedReportingOverflow(by: guess)
                if !overflow { next = scaled / found }
                // A little less, so that the next one fits.
                if found > budget { next -= next / 32 }
            }
            next = floor(min(count, next))
            if next <= low || next >= high { next = floor(low + (high - low) / 2) }
            if next <= low { next = following(low) }
            guess = next
        }
        return low
    }
}
