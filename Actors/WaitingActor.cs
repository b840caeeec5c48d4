namespace Troupe.Actors;

/// <summary>An actor whose handler is suspended.</summary>
/// <param name="Path">Which one.</param>
/// <param name="Message">The type of what it handles.</param>
/// <param name="Asked">Who has not answered it yet, the latest first.</param>
/// <param name="AwaitsRoomOf">In whose mailbox it waits for room; null: in none.</param>
/// <param name="MailboxCount">What waits in its own.</param>
public sealed record WaitingActor(string Path, Type Message, IReadOnlyList<string> Asked, string? AwaitsRoomOf, int MailboxCount)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        List<string> reasons = [];
        if (Asked.Count > 0)
            reasons.Add($"an answer of {string.Join(", ", Asked)}");
        if (AwaitsRoomOf is not null)
            reasons.Add($"room in the mailbox of {AwaitsRoomOf}");
        string reason = reasons.Count == 0 ? "something outside the system" : string.Join(" and ", reasons);
        return $"{Path} handles a {Message.Name} and waits for {reason}; {MailboxCount} more in its mailbox";
    }
}
