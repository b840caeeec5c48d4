using Troupe.Actors;

namespace Troupe.Apps.Hello;

/// <summary>Asks the counter for the next number.</summary>
internal readonly record struct Increment(Reply<long> Reply);

/// <summary>Counts hits, one message at a time, so no two requests get the same number.</summary>
internal sealed class HitCounter : Actor<Increment>
{
    private long _hits;

    protected override ValueTask ReceiveAsync(Increment message)
    {
        message.Reply.Set(++_hits);
        return default;
    }
}
