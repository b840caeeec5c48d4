namespace Troupe.Actors;

/// <summary>What happens when an actor fails, on both sides: as the child that failed, and as the supervisor that decides.</summary>
internal abstract partial class ActorCell
{
    private readonly byte _policy;

    /// <summary>Whether it is between two instances. In its turn, or by who is about to queue it for the next.</summary>
    internal bool IsRestarting => (_holds & Holds.Restarting) != 0;

    /// <summary>Whether a new instance can be made.</summary>
    internal abstract bool CanRestart { get; }

    private FailurePolicy OwnPolicy => (FailurePolicy)_policy;

    private SupervisionStrategy? Strategy => OptionalIfAny?.Supervision;

    private ActorRestart Restart => Optional.RestartOf(this);

    /// <summary>In a turn of this actor: it has failed.</summary>
    internal void Fail(Exception exception, Type? messageType, object? message)
    {
        if (TraceSwitch.IsOn)
            Tracing.Happened(TraceKind.Failure, this, exception.GetType());
        var failure = new ActorFailure(Name, exception, messageType, HasEnded ? FailurePolicy.Stop : OwnPolicy) { Message = message, Path = Path };
        if (!HasEnded && Parent is { } parent && (parent.IsSupervisor || OwnPolicy == FailurePolicy.Escalate))
        {
            _holds |= Holds.Decision;
            parent.PostSystem(new ChildFailure(this, failure));
            return;
        }

        if (failure.Policy == FailurePolicy.Escalate)
            failure = failure with { Policy = FailurePolicy.Stop };
        RenewTurn();
        System.ReportFailure(failure);
        if (!HasEnded)
            Apply(failure.Policy, TimeSpan.Zero);
    }

    /// <summary>As <see cref="Fail"/>, for an actor that could not even start: without a limit it would be restarted for ever.</summary>
    private protected void FailToStart(Exception exception)
    {
        if (Parent is { IsSupervisor: true })
        {
            Fail(exception, messageType: null, message: null);
            return;
        }

        if (TraceSwitch.IsOn)
            Tracing.Happened(TraceKind.Failure, this, exception.GetType());
        System.ReportFailure(new ActorFailure(Name, exception, null, FailurePolicy.Stop) { Path = Path });
        RequestStop(drain: false);
    }

    /// <summary>In a turn of this actor: what is to become of it.</summary>
    internal void Apply(FailurePolicy policy, TimeSpan delay)
    {
        if (HasEnded)
            return;
        _holds &= ~Holds.Decision;
        switch (policy)
        {
            case FailurePolicy.Resume:
                PassToEscalated(FailurePolicy.Resume);
                break;
            case FailurePolicy.Restart:
                if (_phase == Phase.Draining)
                    delay = TimeSpan.Zero;
                RequestRestart(delay);
                break;
            default:
                RequestStop(drain: false);
                break;
        }
    }

    /// <summary>In a turn of this actor: a child of it has failed.</summary>
    internal void OnChildFailed(ActorCell child, ActorFailure failure)
    {
        SupervisionStrategy? strategy = Strategy;
        FailurePolicy policy = HasEnded ? FailurePolicy.Stop : Decide(strategy, failure);
        if (policy == FailurePolicy.Restart && !child.CanRestart)
            policy = FailurePolicy.Stop;
        if (policy == FailurePolicy.Restart && !Supervisor.TryCountRestart(strategy!, System.Time))
            policy = strategy!.WhenExceeded;
        RenewTurn();
        System.ReportFailure(failure with { Policy = policy });

        switch (policy)
        {
            case FailurePolicy.Escalate:
                Supervisor.Escalated.Add(child);
                Fail(failure.Exception, messageType: null, message: null);
                break;
            case FailurePolicy.Resume:
                child.PostSystem(new SupervisorDecision(policy, TimeSpan.Zero));
                break;
            default:
                TimeSpan delay = policy == FailurePolicy.Restart && strategy!.Backoff is { } backoff ? DelayOf(child, backoff) : TimeSpan.Zero;
                foreach (ActorCell affected in Affected(strategy?.Scope ?? SupervisionScope.OneForOne, child))
                    affected.PostSystem(new SupervisorDecision(affected.CanRestart ? policy : FailurePolicy.Stop, delay));
                break;
        }
    }

    private bool IsSupervisor => Strategy is not null;

    private SupervisorState Supervisor => Optional.Supervisor ??= new SupervisorState();

    /// <summary>In a turn of this actor: asks for a restart, after a failure or without one.</summary>
    private protected void RequestRestart(TimeSpan delay)
    {
        _holds |= Holds.Restarting;
        Restart.Request(delay);
    }

    /// <summary>One step after the other, as far as it goes. False: it has to wait.</summary>
    private bool ContinueRestart()
    {
        OptionalState optional = Optional;
        ActorRestart restart = Restart;
        switch (restart.Current)
        {
            case ActorRestart.Step.Requested:
                ActorTimer.DisposeAll(ref optional.Timers);
                restart.AwaitChildren();
                if (Strategy is { KeepsChildren: true } || !StopChildren(drain: false))
                    restart.OnChildrenEnded();
                return true;
            case ActorRestart.Step.ChildrenEnded:
                if (!MayGoOn())
                    return false;
                CallStopped();
                return !restart.TryBackOff();
            case ActorRestart.Step.Due:
                return MayGoOn() && FinishRestart(optional, restart);
            default:
                return false;
        }
    }

    /// <summary>
    /// A restart's steps have a quantum each, however much of the turn the handler that failed has used up. False: the thread was detached before, and the step is for who has the processor now.
    /// In the low band it would take many times longer, and whoever needs the actor waits for it.
    /// </summary>
    private bool MayGoOn()
    {
        if (RenewTurn())
            return true;
        PostSystem(new NextStep());
        return false;
    }

    /// <summary>False: the thread has lost its processor.</summary>
    private static bool RenewTurn() => WorkerThread.Current?.RenewTurn() ?? true;

    private bool FinishRestart(OptionalState optional, ActorRestart restart)
    {
        restart.Cancel();
        _holds &= ~Holds.Restarting;
        optional.Children?.Reopen();
        PassToEscalated(FailurePolicy.Restart);
        if (optional.Supervisor is { } supervisor && Strategy is not { KeepsChildren: true })
            supervisor.Reset();
        UnstashAll();
        if (optional.SwapByRestart is null)
            CountRestart();
        ReplaceBehaviour();
        return true;
    }

    /// <summary>Children whose failure was passed up get what this actor got.</summary>
    private void PassToEscalated(FailurePolicy policy)
    {
        if (OptionalIfAny?.Supervisor is not { Escalated.Count: > 0 } supervisor)
            return;
        foreach (ActorCell child in supervisor.Escalated)
            child.PostSystem(new SupervisorDecision(policy == FailurePolicy.Restart && !child.CanRestart ? FailurePolicy.Stop : policy, TimeSpan.Zero));
        supervisor.Escalated.Clear();
    }

    private FailurePolicy Decide(SupervisionStrategy? strategy, ActorFailure failure)
    {
        // Without a strategy only what the child itself passes up gets here.
        if (strategy is null)
            return FailurePolicy.Escalate;
        try
        {
            return strategy.Decide(failure);
        }
        catch (Exception exception)
        {
            System.ReportFailure(new ActorFailure(Name, exception, null, FailurePolicy.Resume) { Path = Path });
            return FailurePolicy.Stop;
        }
    }

    private ReadOnlySpan<ActorCell> Affected(SupervisionScope scope, ActorCell child)
    {
        if (scope == SupervisionScope.OneForOne)
            return new[] { child };
        ActorCell[] children = Children?.Snapshot() ?? [];
        int failed = Array.IndexOf(children, child);
        // Not among them: it is ending already, and its siblings go on.
        if (failed < 0)
            return new[] { child };
        return scope == SupervisionScope.AllForOne ? children : children.AsSpan(failed);
    }

    private TimeSpan DelayOf(ActorCell child, RestartBackoff backoff)
    {
        ActorRestart past = child.Restart;
        long now = System.Time.GetTimestamp();
        if (past.FailuresInARow > 0 && System.Time.GetElapsedTime(past.LastFailureAt, now) >= past.LastDelay + backoff.ResetAfter)
            past.FailuresInARow = 0;
        TimeSpan delay = backoff.Delay(past.FailuresInARow);
        past.FailuresInARow++;
        past.LastFailureAt = now;
        past.LastDelay = delay;
        return delay;
    }
}
