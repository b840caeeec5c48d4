namespace Troupe.Actors;

/// <summary>Tells the supervisor that a child failed and waits for its word.</summary>
internal sealed class ChildFailure(ActorCell child, ActorFailure failure) : SystemMessage
{
    internal override void Run(ActorCell cell) => cell.OnChildFailed(child, failure);
}

/// <summary>Tells a child what becomes of it.</summary>
internal sealed class SupervisorDecision(FailurePolicy policy, TimeSpan delay) : SystemMessage
{
    internal override void Run(ActorCell cell) => cell.Apply(policy, delay);
}

/// <summary>Tells the parent that the last child has left its closed register.</summary>
internal sealed class ChildrenEnded : SystemMessage
{
    internal override void Run(ActorCell cell) => cell.OnChildrenEnded();
}

/// <summary>Brings an actor its next turn, in which it goes on with its restart.</summary>
internal sealed class NextStep : SystemMessage
{
    internal override TraceKind? PostedAs => null;

    internal override void Run(ActorCell cell)
    {
    }
}
