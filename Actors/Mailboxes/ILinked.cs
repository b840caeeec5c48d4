namespace Troupe.Actors;

/// <summary>A node that carries its own link, so that queueing it allocates nothing. It is in at most one list at a time.</summary>
public interface ILinked<TNode> where TNode : class
{
    /// <summary>The link; owned by the list the node is in.</summary>
    ref TNode? Link { get; }
}
