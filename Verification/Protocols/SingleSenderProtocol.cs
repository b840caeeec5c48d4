using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// One sender that does not await its sends, beside another processor that has turns of the receiver and may close it. What was accepted is
/// handled once and in order, and every send is answered.
/// </summary>
internal sealed class SingleSenderProtocol<TMemory, TWorld> : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly SingleSenderMailbox<int, TMemory> _mailbox;
    private readonly int _messages;
    private readonly bool _closes;
    private readonly List<ValueTask<EnqueueResult>> _sends = [];
    private readonly List<int> _handled = [];
    private Gate _gate;
    private int _inside;

    public SingleSenderProtocol(int messages, int capacity, bool closes)
    {
        _mailbox = new SingleSenderMailbox<int, TMemory>(new MailboxOptions { Capacity = capacity, IsSingleSender = true });
        _messages = messages;
        _closes = closes;
    }

    public override Action[] Processors => [Send, Disturb];

    public override string Outcome() => $"{_handled.Count}";

    public override void Check()
    {
        Require(_mailbox.Count == 0, "a message waits and nobody comes for it");
        Require(_sends.All(send => send.IsCompleted), "a sender waits and nobody lets it in");
        List<int> accepted = [.. Enumerable.Range(0, _messages).Where(number => _sends[number].Result == EnqueueResult.Accepted)];
        Require(_handled.SequenceEqual(accepted), $"accepted {string.Join(' ', accepted)}, handled {string.Join(' ', _handled)}");
        Require(_closes || accepted.Count == _messages, "an open mailbox refused its sender");
    }

    private void Send()
    {
        for (var number = 0; number < _messages; number++)
        {
            _sends.Add(_mailbox.EnqueueAsync(number));
            if (_gate.Turns.TrySchedule(urgent: false)) Turn();
        }
    }

    private void Disturb()
    {
        if (_closes) _mailbox.Close();
        if (_gate.Turns.TrySchedule(urgent: true)) Turn();
    }

    private void Turn()
    {
        do
        {
            Require(Interlocked.Increment(ref _inside) == 1, "two turns at once");
            do
            {
                while (_mailbox.TryDequeue(out var message)) _handled.Add(message);
            }
            while (_mailbox.AdmitWaiting() || _mailbox.Count > 0);
            Interlocked.Decrement(ref _inside);
            _gate.Turns.Release(suspended: false);
        }
        while (_mailbox.HasWork && _gate.Turns.TrySchedule(urgent: true));
    }

    private struct Gate
    {
        public TurnGate<TMemory> Turns;
    }
}
