using Troupe.Actors;

namespace TroupeApp;

/// <summary>Numbers the visitors. It takes one message at a time, so it needs no lock.</summary>
internal sealed class VisitorCounter : Actor<NextNumber>
{
    private long _visitors;

    protected override ValueTask ReceiveAsync(NextNumber message)
    {
        message.Number.Set(++_visitors);
        return default;
    }
}
