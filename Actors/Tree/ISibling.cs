namespace Troupe.Actors;

/// <summary>A node of a <see cref="ChildRegister{TNode}"/>: it carries its own links, which the register's lock guards.</summary>
public interface ISibling<TNode> where TNode : class
{
    /// <summary>The one registered before it; of the first, the last.</summary>
    ref TNode? PreviousSibling { get; }

    /// <summary>The one registered after it, or null.</summary>
    ref TNode? NextSibling { get; }
}
