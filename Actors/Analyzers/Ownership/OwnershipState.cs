namespace Troupe.Actors.Analyzers;

/// <summary>Who owns what a variable holds.</summary>
internal enum OwnershipState
{
    /// <summary>It holds nothing: the default value.</summary>
    Empty,

    /// <summary>The variable owns it, and somebody must move or dispose of it.</summary>
    Owned,

    /// <summary>It was read from somewhere, which may still own it. No duty; but after a move it is gone.</summary>
    Unknown,

    /// <summary>The caller keeps it.</summary>
    Lent,

    /// <summary>Somebody else owns it.</summary>
    Moved,

    /// <summary>Nobody owns it any more.</summary>
    Disposed,
}
