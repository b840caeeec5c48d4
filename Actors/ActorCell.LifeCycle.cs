using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>An actor's life: starting, draining, stopping with its children, restarting. All of it in its own turns.</summary>
internal abstract partial class ActorCell
{
    private protected Holds _holds;
    private protected Phase _phase;

    /// <summary>What keeps the actor from its next message. No flag set is the common case, and costs one test per message.</summary>
    [Flags]
    private protected enum Holds : byte
    {
        None = 0,

        /// <summary>A handler is suspended.</summary>
        Handler = 1,

        /// <summary>Stops as soon as no handler is suspended.</summary>
        Stopping = 2,

        /// <summary>With <see cref="Stopping"/>: its mailbox has been drained, and its children's are to be.</summary>
        Drained = 4,

        /// <summary>It failed, and its supervisor has not said what becomes of it.</summary>
        Decision = 8,

        /// <summary>Restarts as soon as no handler is suspended.</summary>
        Restarting = 16,

        /// <summary>System messages that call the handler have waited for one of the above.</summary>
        Waiting = 32,

        /// <summary>Unstashed messages come before the mailbox.</summary>
        Unstashed = 64,

        /// <summary>A swap waits for the messages before it.</summary>
        Swapping = 128,
    }

    private protected enum Phase : byte
    {
        Created,
        Running,

        /// <summary>Stops as soon as the closed mailbox is empty.</summary>
        Draining,

        /// <summary>Waits for its children; its messages are dead letters.</summary>
        Ending,
        Stopped,
    }

    /// <summary>Whether it handles no message any more.</summary>
    internal bool HasEnded => _phase >= Phase.Ending;

    private const int StoppedFlag = 1;
    private const int StopAskedFlag = 2;
    private const int DrainAskedFlag = 4;

    private bool IsStopped => (ProcessorMemory.LoadAcquire(ref _stopped) & StoppedFlag) != 0;

    /// <summary>Asks it to stop, once in either way: however often others ask an actor that is stuck, its inbox holds two requests. Any thread.</summary>
    internal void PostStop(bool drain)
    {
        int flag = drain ? DrainAskedFlag : StopAskedFlag;
        int seen = ProcessorMemory.LoadAcquire(ref _stopped);
        while ((seen & (flag | StoppedFlag)) == 0)
        {
            int found = ProcessorMemory.CompareExchange(ref _stopped, seen | flag, seen);
            if (found == seen)
            {
                PostSystem(new StopRequest(drain));
                return;
            }

            seen = found;
        }
    }

    internal void RequestStop(bool drain)
    {
        if (HasEnded || (_holds & Holds.Stopping) != 0 || (drain && _phase == Phase.Draining))
            return;
        CloseMailbox();
        if (!drain)
        {
            _holds |= Holds.Stopping;
            return;
        }

        _phase = Phase.Draining;
        // Nobody waits out a back-off at the end.
        OptionalIfAny?.Restart?.EndBackoff();
    }

    /// <summary>All children have left the register that this actor closed.</summary>
    internal void OnChildrenEnded()
    {
        if (_phase == Phase.Ending)
            Terminate();
        else
            OptionalIfAny?.Restart?.OnChildrenEnded();
    }

    private protected void Start()
    {
        _phase = Phase.Running;
        if (TraceSwitch.IsOn)
            Tracing.Start(this);
        CallStarted();
    }

    /// <summary>Deals with what holds the actor, as far as possible. False: its next message has to wait.</summary>
    private protected bool TryProceed()
    {
        while (true)
        {
            Holds holds = _holds;
            if ((holds & Holds.Handler) != 0)
                return false;
            if ((holds & Holds.Stopping) != 0)
            {
                End((holds & Holds.Drained) != 0);
                continue;
            }

            if ((holds & Holds.Decision) != 0)
                return false;
            if ((holds & Holds.Restarting) != 0)
            {
                if (!ContinueRestart())
                    return false;
                continue;
            }

            if ((holds & Holds.Waiting) == 0)
            {
                if ((holds & (Holds.Swapping | Holds.Unstashed)) == Holds.Swapping && TrySwap())
                    continue;
                return true;
            }

            OptionalState optional = Optional;
            SystemMessage? waited = optional.Waiting.Dequeue();
            if (optional.Waiting.IsEmpty)
                _holds &= ~Holds.Waiting;
            waited?.Run(this);
        }
    }

    private protected abstract void CloseMailbox();

    /// <summary>Calls the behaviour's <c>Started</c>; a failure there is one of the actor.</summary>
    private protected abstract void CallStarted();

    /// <summary>Calls the behaviour's <c>Stopped</c>; a failure there is reported.</summary>
    private protected abstract void CallStopped();

    /// <summary>Makes a fresh behaviour with the factory and starts it.</summary>
    private protected abstract void ReplaceBehaviour();

    /// <summary>Moves stashed messages to where they are handled next.</summary>
    internal abstract void UnstashAll();

    /// <summary>Children first, then this actor.</summary>
    private void End(bool drainChildren)
    {
        _holds &= ~(Holds.Stopping | Holds.Drained | Holds.Decision | Holds.Restarting);
        _phase = Phase.Ending;
        CloseMailbox();
        OptionalState? optional = OptionalIfAny;
        if (optional is not null)
        {
            ActorTimer.DisposeAll(ref optional.Timers);
            optional.Restart?.Cancel();
            WithdrawWatches();
            RefuseSwaps(optional);
            UnstashAll();
            if (StopChildren(drainChildren))
                return;
        }

        Terminate();
    }

    /// <summary>True: there are some, and <see cref="OnChildrenEnded"/> will be called.</summary>
    private bool StopChildren(bool drain)
    {
        ActorCell[] children = Children?.Close() ?? [];
        for (int index = children.Length - 1; index >= 0; index--)
            children[index].Reference.StopAsync(drain);
        return children.Length > 0;
    }

    private void Terminate()
    {
        _phase = Phase.Stopped;
        if (TraceSwitch.IsOn)
            Tracing.Stop(this);
        CallStopped();
        bool parentAwaitsNobodyElse = System.Forget(this);
        ProcessorMemory.Exchange(ref _stopped, StoppedFlag);
        OptionalIfAny?.TerminationIfAny?.TrySetResult();
        NotifyWatchers();
        // Last, so that a parent ends after its children in everybody's eyes.
        if (parentAwaitsNobodyElse)
            Parent?.PostSystem(new ChildrenEnded());
    }
}
