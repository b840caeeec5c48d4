using Troupe.Actors;

namespace Troupe.Apps.Hello;

/// <summary>Asks the counter for the next number.</summary>
internal readonly record struct Increment(Reply<long> Reply);

/// <summary>What outlives the counter when it is swapped for another (docs/hot-swap.md).</summary>
internal sealed record HitCount(long Hits);

/// <summary>Counts hits, one message at a time, so no two requests get the same number.</summary>
internal sealed class HitCounter : Actor<Increment>, IStateful<HitCount>
{
    private long _hits;

    public HitCount ExportState() => new(_hits);

    public void ImportState(HitCount state) => _hits = state.Hits;

    protected override ValueTask ReceiveAsync(Increment message)
    {
        message.Reply.Set(++_hits);
        return default;
    }
}
