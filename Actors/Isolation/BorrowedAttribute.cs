namespace Troupe.Actors;

/// <summary>
/// The <see cref="OwnedAttribute">owned</see> value is lent, not moved: a parameter's caller keeps it, and what is returned or
/// handed out still belongs to the object it came from. Parameters passed by <see langword="in"/> are lent without saying so.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue)]
public sealed class BorrowedAttribute : Attribute;
