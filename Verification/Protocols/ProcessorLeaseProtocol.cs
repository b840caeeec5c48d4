using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>What a <see cref="ProcessorLeaseProtocol{TMemory,TWorld}"/> does wrong on purpose.</summary>
internal enum LeaseDefect
{
    None,

    /// <summary>The thread ends its turn without a full fence.</summary>
    NoFenceAfterTheTurn,

    /// <summary>The thread takes its lease for kept.</summary>
    KeepsUnasked,

    /// <summary>The thread goes on to take what it had claimed, before it asks for its lease.</summary>
    TakesClaimedUnasked,

    /// <summary>The detached thread ends and leaves in its queue what it has put there.</summary>
    LeavesItsQueueBehind,

    /// <summary>The thread takes its turn for renewed although it has lost its processor.</summary>
    RenewsUnasked,
}

/// <summary>
/// Processor 0 is a worker thread with turns; processor 1 is the monitor, which has seen the first turn before and tries to revoke the
/// lease, and if it can, the spare, which takes the thread's queue over. Between turns each takes from the processor's interrupts:
/// never both, and everything put into a queue or claimed of one is found once. If the first turn is renewed, what the monitor has seen of it before revokes nothing afterwards.
/// </summary>
internal sealed class ProcessorLeaseProtocol<TMemory, TWorld> : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private const int Turns = 2;
    private const long FirstTurn = 1;
    private const int Claims = 2;

    private readonly RunQueue<QueuedText, TMemory> _local = new(4);
    private readonly List<string> _handled = [];
    private readonly List<string> _shared = [];
    private readonly List<string> _takenOver = [];
    private readonly LeaseDefect _defect;
    private readonly bool _renews;
    private Lease _lease;
    private int _fence;
    private int _holders;
    private int _turnsRun;
    private bool _revoked;
    private bool _hasRenewed;

    public ProcessorLeaseProtocol(LeaseDefect defect = LeaseDefect.None, bool renews = false)
    {
        (_defect, _renews) = (defect, renews);
        // Two more were ready before: the thread claimed all three at once and took one. The monitor has seen its turn a quantum ago.
        foreach (var before in (string[])["before 0", "before 1", "before 2"]) _local.Push(new QueuedText(before));
        _local.TryClaim(3, out var first);
        _handled.Add(first.Text);
        _lease.Word.BeginTurn();
    }

    public override Action[] Processors => [Thread, Monitor];

    public override void Check()
    {
        Require(_revoked == _shared.Contains("the end"), "the thread and the monitor disagree about who holds the processor");
        Require(!_revoked || !_hasRenewed, "a turn that was renewed was found to take too long");
        var left = new List<string>();
        while (_local.TryTakeClaimed(out var claimed)) left.Add(claimed.Text);
        while (_local.TryTake(out var item)) left.Add(item.Text);
        Require(left.Count == 0 || !_revoked, "an item is left in the queue of a thread that has ended");
        var all = _handled.Concat(_takenOver).Concat(_shared).Concat(left).Where(item => item != "the end").Order(StringComparer.Ordinal);
        var expected = Enumerable.Range(0, 3).Select(item => $"before {item}").Concat(Enumerable.Range(0, _revoked ? _turnsRun : Turns).Select(turn => $"item {turn}"));
        Require(all.SequenceEqual(expected), "an item is lost or doubled");
    }

    public override string Outcome() => _revoked ? "revoked" : "kept";

    private void Thread()
    {
        for (int turn = 0; turn < Turns; turn++)
        {
            if (turn > 0) _lease.Word.BeginTurn();
            _turnsRun++;
            if (turn == 0 && _renews) _hasRenewed = _lease.Word.Renew() || _defect == LeaseDefect.RenewsUnasked;
            // An actor becomes ready in the turn.
            var item = $"item {turn}";
            if (_lease.Word.IsRevoked) _shared.Add(item);
            else _local.Push(new QueuedText(item));
            _lease.Word.EndTurn();
            if (_defect != LeaseDefect.NoFenceAfterTheTurn) TMemory.Exchange(ref _fence, 1);
            if (_defect == LeaseDefect.TakesClaimedUnasked && _local.TryTakeClaimed(out var claimed)) _handled.Add(claimed.Text);
            if (!_lease.Word.Keep() && _defect != LeaseDefect.KeepsUnasked)
            {
                while (_defect != LeaseDefect.LeavesItsQueueBehind && _local.TryTake(out var given)) _shared.Add(given.Text);
                _shared.Add("the end");
                return;
            }

            HoldProcessor();
            if (_local.TryTakeClaimed(out var next) || _local.TryClaim(Claims, out next)) _handled.Add(next.Text);
        }
    }

    private void Monitor()
    {
        if (!_lease.Word.TryRevoke(FirstTurn)) return;
        _revoked = true;
        HoldProcessor();
        while (_local.TryTakeClaimed(out var claimed)) _takenOver.Add(claimed.Text);
        while (_local.TryTake(out var item)) _takenOver.Add(item.Text);
        // The spare stays: from now on the processor is its own.
        TMemory.Add(ref _holders, 1);
    }

    /// <summary>What only the holder may do: drain interrupts, take from the pinned inbox, park.</summary>
    private void HoldProcessor()
    {
        Require(TMemory.Add(ref _holders, 1) == 1, "two threads hold the processor");
        TMemory.Add(ref _holders, -1);
    }

    private struct Lease
    {
        public ProcessorLease<TMemory> Word;
    }
}
