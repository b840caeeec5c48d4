using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.HotSwap.Contracts;

/// <summary>The next message of a sender; or, with somebody to reply to, a question for the state.</summary>
public readonly record struct Sequenced(int Sender, long Number, Reply<ReceiverState> Reply);

/// <summary>What a receiver knows, whatever behaviour it has.</summary>
/// <param name="Next">The number expected of each sender.</param>
/// <param name="Lost">Numbers skipped: lost, or overtaken.</param>
/// <param name="Doubled">Numbers met again: doubled, or late.</param>
/// <param name="LastEnd">The clock when the last message was done.</param>
public sealed record ReceiverState(ImmutableArray<long> Next, long Lost, long Doubled, long LastEnd)
{
    /// <summary>Messages in order.</summary>
    public long Handled => Next.Sum();
}
