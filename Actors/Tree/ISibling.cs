namespace Troupe.Actors;

/// <summary>A node of a <see cref="ChildRegister{TNode, TMemory}"/>: it carries its own links, which the register's lock guards, but for the push.</summary>
public interface ISibling<TNode> where TNode : class
{
    /// <summary>The one registered before it; of the first, the last.</summary>
    ref TNode? PreviousSibling { get; }

    /// <summary>The one registered after it, or null.</summary>
    ref TNode? NextSibling { get; }

    /// <summary>Pushes this node onto a stack that is linked by <see cref="NextSibling"/> and only ever emptied whole; full fence. In the node, since code
    /// that all nodes share would ask the runtime for their type.</summary>
    void PushOnto(ref TNode? newest);
}
