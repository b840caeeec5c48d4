using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>What another processor does meanwhile.</summary>
internal enum SwapDisturbance
{
    None,

    /// <summary>Withdraws the swap.</summary>
    Withdrawal,

    /// <summary>Stops the actor.</summary>
    Stop,

    /// <summary>Sends a message that fails, so that the actor is restarted.</summary>
    Failure,

    /// <summary>Asks.</summary>
    Ask,
}

/// <summary>A planted bug.</summary>
internal enum SwapDefect
{
    None,

    /// <summary>The swap does not wait for the messages before it.</summary>
    Overtakes,

    /// <summary>The factory stays the old one.</summary>
    KeepsTheFactory,

    /// <summary>An actor that stops forgets its swap.</summary>
    ForgetsAtTheEnd,
}

/// <summary>
/// Some send to an actor; one of them swaps its behaviour between two messages, and another disturbs. The old behaviour handles
/// what the swapper sent before and does not come back; the state goes over whole; and the swap is done, withdrawn or refused, just one of them.
/// </summary>
internal sealed class SwapProtocol<TMemory, TWorld>(SwapDisturbance disturbance = SwapDisturbance.None, SwapDefect defect = SwapDefect.None, int others = 1) : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private const int Swapper = 0;
    private const int Other = 1;
    private const int Disturber = 2;

    private readonly Mailbox<(int Sender, int Number), TMemory> _mailbox = new(new MailboxOptions { Capacity = 8 });
    private readonly List<(int Sender, int Number, bool ByNew)> _handled = [];
    private readonly Request _swap = new();
    private Cell _cell;
    private Request? _pending;
    private bool _isNew;
    private bool _makesNew;
    private bool _ended;
    private int _count;
    private int _dead;
    private int _handedOver = -1;
    private int _outcomes;
    private int _answers;
    private int _turnsWork;

    public override Action[] Processors =>
        [.. disturbance == SwapDisturbance.None ? Array.Empty<Action>() : [Disturb], SendAndSwap, .. Enumerable.Repeat((Action)(() => Send((Other, 0))), others)];

    public override string Outcome() => string.Join(' ', _handled);

    public override void Check()
    {
        Require(_mailbox.Count == 0, "a message waits and nobody comes for it");
        Require(!_cell.Inbox.HasItems, "a request waits and nobody comes for it");
        Require(_outcomes == 1, "the swap has no outcome, or two");
        bool disturberSends = disturbance is SwapDisturbance.Failure or SwapDisturbance.Ask;
        Require(_handled.Count + _dead == 2 + others + (disturberSends ? 1 : 0), "a message is lost or doubled");
        List<(int Sender, int Number, bool ByNew)> swappers = [.. _handled.Where(h => h.Sender == Swapper)];
        Require(swappers.Select(h => h.Number).SequenceEqual(Enumerable.Range(0, swappers.Count)), "out of order");
        if (disturbance == SwapDisturbance.Ask) Require(_answers == 1, "a question is answered not once");
        if (_handedOver < 0) return;
        // What was sent right after the request may still be taken by a turn that has looked for requests just before.
        Require(!swappers.Any(h => h is { Number: 0, ByNew: true }), "not by the behaviour of its time");
        Require(!_handled.SkipWhile(h => !h.ByNew).Any(h => !h.ByNew), "the old behaviour comes back");
        Require(disturbance == SwapDisturbance.Failure || _handedOver == _handled.Count(h => !h.ByNew), "the state misses a message");
    }

    private void SendAndSwap()
    {
        Send((Swapper, 0));
        _swap.Position = _mailbox.TailPosition;
        Post(_swap);
        Send((Swapper, 1));
    }

    private void Disturb()
    {
        if (disturbance == SwapDisturbance.Stop) Post(new Request { IsStop = true });
        else if (disturbance != SwapDisturbance.Withdrawal) Send((Disturber, 0));
        else if (_swap.TryDecide()) _outcomes++;
    }

    private void Send((int Sender, int Number) message)
    {
        if (_mailbox.TryEnqueue(message) != EnqueueResult.Accepted) Interlocked.Increment(ref _dead);
        else if (_cell.Gate.TrySchedule(urgent: false)) Turns();
    }

    private void Post(Request request)
    {
        _cell.Inbox.Push(request);
        if (_cell.Gate.TrySchedule(urgent: true)) Turns();
    }

    private void Turns()
    {
        int before;
        do
        {
            before = _turnsWork;
            Turn();
            _cell.Gate.Release(suspended: false);
        }
        while ((_cell.Inbox.HasItems || _mailbox.HasWork) && _cell.Gate.TrySchedule(urgent: true) && LetTheProducerFinish(_turnsWork == before && !_cell.Inbox.HasItems));
    }

    /// <summary>What a cell does that has work and could take nothing.</summary>
    private static bool LetTheProducerFinish(bool nothing)
    {
        if (nothing) TWorld.Pause();
        return true;
    }

    private void Turn()
    {
        while (true)
        {
            for (Request? request = _cell.Inbox.TakeAll(); request is not null; request = ((ILinked<Request>)request).Link)
            {
                _turnsWork++;
                if (request.IsStop) End();
                else if (_ended) Refuse(request);
                else _pending = request;
            }

            if (_pending is { } swap && (defect == SwapDefect.Overtakes || swap.Position <= _mailbox.HeadPosition)) Swap(swap);
            if (!_mailbox.TryDequeue(out var message)) return;
            _turnsWork++;
            Handle(message);
        }
    }

    private void Handle((int Sender, int Number) message)
    {
        if (_ended)
        {
            Interlocked.Increment(ref _dead);
            return;
        }

        // The state of a behaviour is a field without a fence: the gate orders one turn's before the next one's.
        _count++;
        _handled.Add((message.Sender, message.Number, _isNew));
        if (message.Sender != Disturber) return;
        if (disturbance == SwapDisturbance.Ask) _answers++;
        else (_isNew, _count) = (_makesNew, 0);
    }

    private void Swap(Request request)
    {
        _pending = null;
        if (!request.TryDecide()) return;
        _handedOver = _count;
        _isNew = true;
        _makesNew = defect != SwapDefect.KeepsTheFactory;
        _outcomes++;
    }

    private void End()
    {
        _ended = true;
        _mailbox.Close();
        if (_pending is { } swap && defect != SwapDefect.ForgetsAtTheEnd) Refuse(swap);
        _pending = null;
    }

    private void Refuse(Request request)
    {
        if (request.TryDecide()) _outcomes++;
    }

    private struct Cell
    {
        public LinkedInbox<Request, TMemory> Inbox;
        public TurnGate<TMemory> Gate;
    }

    private sealed class Request : ILinked<Request>
    {
        private Request? _link;
        private int _decided;

        public long Position { get; set; }

        public bool IsStop { get; init; }

        ref Request? ILinked<Request>.Link => ref _link;

        public bool TryDecide() => TMemory.CompareExchange(ref _decided, 1, 0) == 0;
    }
}
