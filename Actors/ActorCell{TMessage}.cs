using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// One actor at work: takes turns on workers, one at a time, hands messages to the behaviour, keeps its life cycle.
/// </summary>
/// <remarks>Fields without further word are touched in turns only; the gate's full fences carry them from worker to worker.</remarks>
internal sealed class ActorCell<[Sendable] TMessage> : ActorCell
{
    private static readonly string _unnamed = $"(unnamed, of {typeof(TMessage).Name})";

    private readonly Mailbox<TMessage> _mailbox;
    private readonly Func<Actor<TMessage>>? _factory;
    private readonly FailurePolicy _policy;
    private Actor<TMessage> _behaviour;
    private LinkedFifo<SystemMessage> _waitingForHandler;
    private ActorTimer? _timers;
    private ValueTaskAwaiter _suspendedHandler;
    private Action? _onHandlerCompleted;
    private TaskCompletionSource? _termination;
    private Phase _phase;
    private bool _suspended;

    internal ActorCell(ActorSystem system, Actor<TMessage> behaviour, Func<Actor<TMessage>>? factory, SpawnOptions options)
        : base(system, options.Name ?? _unnamed, options.Processor ?? -1)
    {
        _behaviour = behaviour;
        _factory = factory;
        _policy = options.OnFailure;
        _mailbox = Mailbox<TMessage>.Create<ProcessorMemory>(options.Mailbox, asChannel: false);
        Self = new ActorRef<TMessage>(this, _mailbox);
        behaviour.Attach(this);
    }

    private enum Phase : byte
    {
        Created,
        Running,

        /// <summary>Stops as soon as no handler is suspended.</summary>
        Stopping,

        /// <summary>Stops as soon as the closed mailbox is empty.</summary>
        Draining,
        Stopped,
    }

    internal ActorRef<TMessage> Self { get; }

    internal override ActorRef Reference => Self;

    private protected override string Unnamed => _unnamed;

    /// <summary>Completes when the actor has stopped. Any thread.</summary>
    internal Task Termination
    {
        get
        {
            TaskCompletionSource? termination = ProcessorMemory.LoadAcquire(ref _termination);
            if (termination is null)
            {
                var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                termination = ProcessorMemory.CompareExchange(ref _termination, created, null) ?? created;
            }

            return termination.Task;
        }
    }

    internal bool IsStopped => _phase == Phase.Stopped;

    internal override bool RunTurn(WorkerThread thread, int throughput)
    {
        if (_phase == Phase.Created)
            Start();

        int handled = 0;
        while (true)
        {
            if (HasSystemMessages || !_waitingForHandler.IsEmpty)
                RunSystemMessages();
            if (_suspended)
                break;
            if (_phase == Phase.Stopping)
                Terminate();
            if (handled == throughput)
            {
                _mailbox.AdmitWaiting();
                thread.EndTurn();
                ProcessorMemory.FullFence();
                return true;
            }

            if (!_mailbox.TryDequeue(out TMessage message))
            {
                if (_mailbox.AdmitWaiting())
                    continue;
                if (_phase == Phase.Draining && _mailbox.IsCompleted)
                    Terminate();
                break;
            }

            handled++;
            if (_phase == Phase.Stopped)
                System.ReportDeadLetter(Name, in message);
            else
                Deliver(message);
        }

        // From the release on another worker may run the next turn: nothing below may touch the turn's own fields.
        bool suspended = _suspended;
        thread.EndTurn();
        Gate.Release(suspended);
        return (HasSystemMessages || (!suspended && _mailbox.HasWork)) && Gate.TrySchedule(urgent: true);
    }

    internal override void RequestStop(bool drain)
    {
        if (_phase >= Phase.Stopping && (drain || _phase != Phase.Draining))
            return;
        _mailbox.Close();
        _phase = drain ? Phase.Draining : Phase.Stopping;
    }

    internal override void Fail(Exception exception, Type? messageType)
    {
        FailurePolicy policy = _phase is Phase.Stopped ? FailurePolicy.Stop : _policy;
        System.ReportFailure(new ActorFailure(Name, exception, messageType, policy));
        switch (policy)
        {
            case FailurePolicy.Stop:
                RequestStop(drain: false);
                break;
            case FailurePolicy.Restart:
                Restart();
                break;
        }
    }

    internal TimerHandle CreateTimer(TMessage message, bool reusable)
    {
        var timer = new ActorTimer<TMessage>(this, message, reusable);
        return new TimerHandle(timer);
    }

    internal void Link(ActorTimer timer) => ActorTimer.Insert(ref _timers, timer);

    internal void Unlink(ActorTimer timer) => ActorTimer.Remove(ref _timers, timer);

    internal void Deliver(TMessage message)
    {
        try
        {
            ValueTask handling = _behaviour.ReceiveAsync(message);
            if (handling.IsCompleted)
                handling.GetAwaiter().GetResult();
            else
                Suspend(handling);
        }
        catch (Exception exception)
        {
            Fail(exception, typeof(TMessage));
        }
    }

    /// <summary>
    /// The awaiter captures this cell as the current context: the completion runs inline if it happens in a turn of this
    /// actor, and is posted otherwise. Either way it runs in a turn.
    /// </summary>
    private void Suspend(ValueTask handling)
    {
        _suspended = true;
        _suspendedHandler = handling.GetAwaiter();
        _suspendedHandler.UnsafeOnCompleted(_onHandlerCompleted ??= OnHandlerCompleted);
    }

    private void OnHandlerCompleted()
    {
        ValueTaskAwaiter handler = _suspendedHandler;
        _suspendedHandler = default;
        _suspended = false;
        try
        {
            handler.GetResult();
        }
        catch (Exception exception)
        {
            Fail(exception, typeof(TMessage));
        }
    }

    private void Start()
    {
        _phase = Phase.Running;
        CallStarted();
    }

    private void CallStarted()
    {
        try
        {
            _behaviour.Started();
        }
        catch (Exception exception)
        {
            // A behaviour that cannot even start would be restarted for ever.
            System.ReportFailure(new ActorFailure(Name, exception, null, FailurePolicy.Stop));
            RequestStop(drain: false);
        }
    }

    private void CallStopped()
    {
        try
        {
            _behaviour.Stopped();
        }
        catch (Exception exception)
        {
            System.ReportFailure(new ActorFailure(Name, exception, null, FailurePolicy.Stop));
        }
    }

    private void Restart()
    {
        ActorTimer.DisposeAll(ref _timers);
        CallStopped();
        try
        {
            Actor<TMessage> behaviour = _factory!();
            behaviour.Attach(this);
            _behaviour = behaviour;
        }
        catch (Exception exception)
        {
            System.ReportFailure(new ActorFailure(Name, exception, null, FailurePolicy.Stop));
            RequestStop(drain: false);
            return;
        }

        CallStarted();
    }

    private void RunSystemMessages()
    {
        while (!_suspended && _waitingForHandler.Dequeue() is { } waited)
            waited.Run(this);

        SystemMessage? message = TakeSystemMessages();
        while (message is not null)
        {
            ref SystemMessage? link = ref ((ILinked<SystemMessage>)message).Link;
            SystemMessage? next = link;
            // Before it runs: a timer may be queued again while it does.
            link = null;
            if (message.NeedsHandler && (_suspended || !_waitingForHandler.IsEmpty))
                _waitingForHandler.Enqueue(message);
            else
                message.Run(this);
            message = next;
        }

        while (!_suspended && _waitingForHandler.Dequeue() is { } waited)
            waited.Run(this);
    }

    private void Terminate()
    {
        _mailbox.Close();
        _phase = Phase.Stopped;
        ActorTimer.DisposeAll(ref _timers);
        CallStopped();
        System.Forget(this);
        ProcessorMemory.CompareExchange(ref _termination, StoppedActors.Termination, null)?.TrySetResult();
    }
}

/// <summary>What all actors share that stopped before anybody waited for it.</summary>
internal static class StoppedActors
{
    internal static readonly TaskCompletionSource Termination = CreateCompleted();

    private static TaskCompletionSource CreateCompleted()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }
}
