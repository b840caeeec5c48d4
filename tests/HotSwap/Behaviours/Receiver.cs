using System.Diagnostics;
using Troupe.Actors;
using Troupe.HotSwap.Contracts;

namespace Troupe.HotSwap.Behaviours;

/// <summary>Checks what it receives, and measures the gaps. Its assembly is loaded anew for every swap.</summary>
public sealed class Receiver(GapMeter meter, bool failsToImport) : Actor<Sequenced>, IStateful<ReceiverState>
{
    private long[] _next = [];
    private long _lost;
    private long _doubled;
    private long _lastEnd;
    private bool _isFirst;

    public ReceiverState ExportState() => new([.. _next], _lost, _doubled, _lastEnd);

    public void ImportState(ReceiverState state)
    {
        if (failsToImport)
            throw new InvalidOperationException("This import fails on purpose.");
        (_next, _lost, _doubled, _lastEnd, _isFirst) = ([.. state.Next], state.Lost, state.Doubled, state.LastEnd, true);
    }

    protected override ValueTask ReceiveAsync(Sequenced message)
    {
        long now = Stopwatch.GetTimestamp();
        if (_isFirst)
        {
            _isFirst = false;
            meter.SwapEnds(_lastEnd, now);
        }
        else if (meter.HasProbe)
        {
            meter.ProbeEnds(_lastEnd, now);
        }

        if (message.Number < 0)
            message.Reply.Set(ExportState());
        else
            Check(message.Sender, message.Number);
        _lastEnd = Stopwatch.GetTimestamp();
        return default;
    }

    private void Check(int sender, long number)
    {
        ref long next = ref _next[sender];
        if (number < next)
        {
            _doubled++;
            return;
        }

        _lost += number - next;
        next = number + 1;
    }
}
