using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// Producers send to a mailbox that soon is full, and wait for room; whoever gets the turn takes messages and lets them in, some of them later than their
/// messages. Every message is handled once, in the order of its sender, and no sender waits at the end.
/// </summary>
/// <param name="producers">Who sends; each its next message only when it is told that the last is in.</param>
/// <param name="messages">How many each sends.</param>
/// <param name="capacity">What the mailbox holds.</param>
/// <param name="looksAgain">Whether a turn looks for waiting senders when the mailbox is empty: without that the protocol is broken.</param>
internal sealed class WaitingSendersProtocol<TMemory, TWorld>(int producers, int messages, int capacity, bool looksAgain = true) : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly Mailbox<(int Sender, int Number), TMemory> _mailbox = new(new MailboxOptions { Capacity = capacity });
    private readonly List<int>[] _handled = [.. Enumerable.Range(0, producers).Select(_ => new List<int>())];
    private readonly ValueTask<EnqueueResult>[] _last = new ValueTask<EnqueueResult>[producers];
    private Gate _gate;
    private int _inside;
    private int _taken;

    public override Action[] Processors => [.. Enumerable.Range(0, producers).Select(sender => (Action)(() => Send(sender)))];

    public override string Outcome() => string.Join(' ', _handled.Select(handled => handled.Count));

    public override void Check()
    {
        Require(_mailbox.Count == 0, "a message waits and nobody comes for it");
        for (var sender = 0; sender < producers; sender++)
        {
            Require(_last[sender].IsCompletedSuccessfully, "a sender waits and nobody lets it go on");
            Require(_handled[sender].SequenceEqual(Enumerable.Range(0, messages)), "a message is lost, doubled or out of order");
        }
    }

    private void Send(int sender)
    {
        // A sender that does not wait for the answer may send again; its messages keep their order all the same.
        for (var number = 0; number < messages; number++)
        {
            _last[sender] = _mailbox.EnqueueAsync((sender, number));
            if (_gate.Turns.TrySchedule(urgent: false)) Turn();
        }
    }

    private void Turn()
    {
        int before;
        do
        {
            before = _taken;
            Require(Interlocked.Increment(ref _inside) == 1, "two turns at once");
            do
            {
                for (; _mailbox.TryDequeue(out var message); _taken++) _handled[message.Sender].Add(message.Number);
            }
            while (looksAgain && _mailbox.AdmitWaiting());
            Interlocked.Decrement(ref _inside);
            _gate.Turns.Release(suspended: false);
        }
        while (looksAgain && _mailbox.HasWork && _gate.Turns.TrySchedule(urgent: true) && LetTheProducerFinish(_taken == before));
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
