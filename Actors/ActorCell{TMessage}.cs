using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// One actor at work: takes turns on workers, one at a time, hands messages to the behaviour, keeps its life cycle.
/// </summary>
/// <remarks>Fields without further word are touched in turns only; the gate's full fences carry them from worker to worker.</remarks>
internal sealed partial class ActorCell<[Sendable] TMessage> : ActorCell
{
    private static readonly string _unnamed = $"(unnamed, of {typeof(TMessage).Name})";

    private Actor<TMessage> _behaviour;

    internal ActorCell(ActorSystem system, ActorCell? parent, Actor<TMessage> behaviour, Func<Actor<TMessage>>? factory, SpawnOptions options)
        : base(system, parent, options.Name ?? _unnamed, options)
    {
        _behaviour = behaviour;
        Self = new ActorRef<TMessage>(this, Mailbox<TMessage>.Create<ProcessorMemory>(system.Limit(options.Mailbox), asChannel: false));
        if (factory is not null)
            Optional.Factory = factory;
        if (options.Supervision is not null)
            Optional.Supervision = options.Supervision;
        behaviour.Attach(this);
    }

    internal ActorRef<TMessage> Self { get; }

    internal override ActorRef Reference => Self;

    internal override Type MessageType => typeof(TMessage);

    internal override bool CanRestart => OptionalIfAny?.Factory is not null;

    private protected override string Unnamed => _unnamed;

    private new OptionalState<TMessage> Optional => (OptionalState<TMessage>)base.Optional;

    private new OptionalState<TMessage>? OptionalIfAny => (OptionalState<TMessage>?)base.OptionalIfAny;

    internal override bool RunTurn(WorkerThread thread, int throughput)
    {
        if (_phase == Phase.Created)
            Start();

        Mailbox<TMessage> mailbox = Self.Mailbox;
        int handled = 0;
        while (true)
        {
            if (HasSystemMessages)
                RunSystemMessages();
            if (_holds != Holds.None && !TryProceed())
                break;
            if (handled == throughput)
            {
                mailbox.AdmitWaiting();
                EndTurn(thread, handled);
                ProcessorMemory.FullFence();
                return true;
            }

            TMessage message;
            if ((_holds & Holds.Unstashed) != Holds.None)
            {
                message = TakeUnstashed();
            }
            else if (!mailbox.TryDequeue(out message))
            {
                if (mailbox.AdmitWaiting())
                    continue;
                if (_phase != Phase.Draining || !mailbox.IsCompleted)
                    break;
                _holds |= Holds.Stopping | Holds.Drained;
                continue;
            }
            else if (message is IMeasured)
            {
                Measure(in message);
            }

            handled++;
            if (HasEnded)
                ReportDeadLetter(in message);
            else
                Deliver(in message);
        }

        // From the release on another worker may run the next turn: nothing below may touch the turn's own fields.
        bool held = (_holds & ~Holds.Swapping) != Holds.None;
        EndTurn(thread, handled);
        Gate.Release(held);
        if ((!HasSystemMessages && (held || !mailbox.HasWork)) || !Gate.TrySchedule(urgent: true))
            return false;
        // Nothing could be taken and yet there is something: a producer was interrupted between claim and publication. Let it finish.
        if (handled == 0)
            Thread.Yield();
        return true;
    }

    internal TimerHandle CreateTimer(TMessage message, bool reusable)
    {
        var timer = new ActorTimer<TMessage>(this, message, reusable);
        return new TimerHandle(timer);
    }

    internal void Watch(ActorCell watched, TMessage message)
    {
        if (ReferenceEquals(watched, this))
            throw new ArgumentException("An actor does not watch itself.", nameof(watched));
        if (HasEnded)
            throw new InvalidOperationException("An actor that is stopping watches nobody.");
        Dictionary<ActorCell, Watch> watches = Optional.Watches ??= [];
        if (watches.TryGetValue(watched, out Watch? known))
        {
            ((Watch<TMessage>)known).Message = message;
            return;
        }

        var watch = new Watch<TMessage>(this, watched, message);
        watches.Add(watched, watch);
        watched.PostSystem(watch);
    }

    internal void OnWatchedEnded(Watch<TMessage> watch)
    {
        Optional.Watches?.Remove(watch.Watched);
        DeliverBesideMailbox(watch.Message);
    }

    internal void Stash(TMessage message)
    {
        if (HasEnded)
            throw new InvalidOperationException("An actor that is stopping stashes nothing.");
        int capacity = Self.Mailbox.Options.Capacity;
        if (!(Optional.Stash ??= new Stash<TMessage>(capacity)).TryAdd(message))
            throw new InvalidOperationException($"The stash of {Path} is full: it holds {capacity} messages, as many as the mailbox.");
    }

    internal override void UnstashAll()
    {
        if (OptionalIfAny?.Stash is not { } stash)
            return;
        stash.UnstashAll();
        if (stash.HasUnstashed)
            _holds |= Holds.Unstashed;
    }

    internal void Become(Func<TMessage, ValueTask> handler)
    {
        OptionalState<TMessage> optional = Optional;
        Actor<TMessage> original = _behaviour is BecomeBehaviour<TMessage> already ? already.Original : _behaviour;
        if (optional.Become is not { } become || !ReferenceEquals(become.Original, original))
            optional.Become = become = new BecomeBehaviour<TMessage>(original, handler);
        become.Handler = handler;
        _behaviour = become;
    }

    internal void Unbecome()
    {
        if (_behaviour is BecomeBehaviour<TMessage> become)
            _behaviour = become.Original;
    }

    internal void Link(ActorTimer timer) => ActorTimer.Insert(ref Optional.Timers, timer);

    internal void Unlink(ActorTimer timer) => ActorTimer.Remove(ref Optional.Timers, timer);

    internal void Deliver(in TMessage message)
    {
        if (TraceSwitch.IsOn)
            Tracing.Receive(this, typeof(TMessage));
        try
        {
            ValueTask handling = _behaviour.ReceiveAsync(message);
            if (handling.IsCompleted)
                handling.GetAwaiter().GetResult();
            else
                Suspend(handling, in message);
        }
        catch (Exception exception)
        {
            Fail(exception, typeof(TMessage), message);
        }
    }

    private TMessage TakeUnstashed()
    {
        Stash<TMessage> stash = Optional.Stash!;
        TMessage message = stash.Take();
        if (!stash.HasUnstashed)
            _holds &= ~Holds.Unstashed;
        return message;
    }

    /// <summary>
    /// The awaiter captures this cell as the current context: the completion runs inline if it happens in a turn of this
    /// actor, and is posted otherwise. Either way it runs in a turn.
    /// </summary>
    private void Suspend(ValueTask handling, in TMessage message)
    {
        OptionalState<TMessage> optional = Optional;
        _holds |= Holds.Handler;
        if (TraceSwitch.IsOn)
            optional.Observed.SuspendedStamp = Tracing.Suspend(this);
        optional.SuspendedMessage = message;
        optional.SuspendedHandler = handling.GetAwaiter();
        optional.SuspendedHandler.UnsafeOnCompleted(optional.OnHandlerCompleted ??= OnHandlerCompleted);
    }

    private void OnHandlerCompleted()
    {
        OptionalState<TMessage> optional = Optional;
        ValueTaskAwaiter handler = optional.SuspendedHandler;
        TMessage? message = optional.SuspendedMessage;
        optional.SuspendedHandler = default;
        optional.SuspendedMessage = default;
        _holds &= ~Holds.Handler;
        try
        {
            handler.GetResult();
        }
        catch (Exception exception)
        {
            Fail(exception, typeof(TMessage), message);
        }
    }

    private protected override OptionalState CreateOptional() => new OptionalState<TMessage>();

    private protected override void CloseMailbox() => Self.Mailbox.Close();

    private protected override void CallStarted() => TryCallStarted();

    /// <summary>Null: it has started. Otherwise it has failed, which was dealt with.</summary>
    private Exception? TryCallStarted()
    {
        try
        {
            _behaviour.Started();
            return null;
        }
        catch (Exception exception)
        {
            FailToStart(exception);
            return exception;
        }
    }

    private protected override void CallStopped()
    {
        try
        {
            _behaviour.Stopped();
        }
        catch (Exception exception)
        {
            System.ReportFailure(new ActorFailure(Name, exception, null, FailurePolicy.Stop) { Path = Path });
        }
    }

    private protected override void ReplaceBehaviour()
    {
        if (TakeSwapByRestart() is { } swap)
        {
            Take(((SwapRequest<TMessage>)swap.Request).Successor);
            if (TryCallStarted() is { } failure)
                swap.Request.Fail(new HotSwapException(Path, $"the new behaviour failed to start: {failure.Message}", failure));
            else
                Succeed(swap.Request, swap.Began);
            return;
        }

        try
        {
            Actor<TMessage> behaviour = Optional.Factory!();
            behaviour.Attach(this);
            _behaviour = behaviour;
        }
        catch (Exception exception)
        {
            FailToStart(exception);
            return;
        }

        CallStarted();
    }
}
