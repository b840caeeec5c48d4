using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// Producers send to one actor's mailbox and take the turn when the gate gives it to them. Every accepted message is handled
/// once, in the order of its sender, and never by two at a time.
/// </summary>
internal sealed class MailboxProtocol<TMemory, TWorld> : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly Mailbox<(int Sender, int Number)> _mailbox;
    private readonly int _producers;
    private readonly int _messages;
    private readonly bool _looksAgain;
    // A producer sends all its messages before it asks for a turn, as one does that is faster than others.
    private readonly bool _isBurst;
    private readonly int[] _accepted;
    private readonly List<int>[] _handled;
    private Gate _gate;
    private int _inside;

    public MailboxProtocol(int producers, int messages, MailboxOptions options, bool looksAgain = true, bool isBurst = false)
    {
        _isBurst = isBurst;
        _mailbox = options.OverflowPolicy == OverflowPolicy.DropOldest
            ? new SlidingMailbox<(int, int), TMemory>(options)
            : new Mailbox<(int, int), TMemory>(options);
        _producers = producers;
        _messages = messages;
        _looksAgain = looksAgain;
        _accepted = new int[producers];
        _handled = [.. Enumerable.Range(0, producers).Select(_ => new List<int>())];
    }

    public override Action[] Processors => [.. Enumerable.Range(0, _producers).Select(sender => (Action)(() => Send(sender)))];

    public override string Outcome() => string.Join(' ', _handled.Select(h => h.Count));

    public override void Check()
    {
        Require(_mailbox.Count == 0, "a message waits and nobody comes for it");
        for (var sender = 0; sender < _producers; sender++)
        {
            Require(_handled[sender].Count + (_producers == 1 ? _mailbox.Dropped : 0) <= _accepted[sender], "a message is handled twice");
            for (var i = 1; i < _handled[sender].Count; i++) Require(_handled[sender][i] > _handled[sender][i - 1], "out of order");
        }

        Require(_handled.Sum(h => h.Count) + _mailbox.Dropped == _accepted.Sum(), "a message is lost or doubled");
    }

    private void Send(int sender)
    {
        for (var number = 0; number < _messages; number++)
        {
            if (_mailbox.TryEnqueue((sender, number)) == EnqueueResult.Accepted) _accepted[sender]++;
            if ((!_isBurst || number == _messages - 1) && _gate.Turns.TrySchedule(urgent: false)) Turn();
        }
    }

    private void Turn()
    {
        bool nothing;
        do
        {
            Require(Interlocked.Increment(ref _inside) == 1, "two turns at once");
            nothing = true;
            for (; _mailbox.TryDequeue(out var message); nothing = false) _handled[message.Sender].Add(message.Number);
            Interlocked.Decrement(ref _inside);
            _gate.Turns.Release(suspended: false);
        }
        while (_looksAgain && _mailbox.HasWork && _gate.Turns.TrySchedule(urgent: true) && LetTheProducerFinish(nothing));
    }

    /// <summary>What a cell does that has work and could take nothing.</summary>
    private static bool LetTheProducerFinish(bool nothing)
    {
        if (nothing) TWorld.Pause();
        return true;
    }

    private struct Gate
    {
        public TurnGate<TMemory> Turns;
    }
}
