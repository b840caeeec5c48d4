namespace Troupe.Actors;

/// <summary>
/// The <see cref="OwnedAttribute">owned</see> argument, or what owned values it was made of, moves only if the method (or the
/// task it returns) answers <see cref="ReturnValue"/>; otherwise the caller still owns them.
/// </summary>
/// <param name="returnValue">The answer that moves the argument.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class MovesWhenAttribute(bool returnValue) : Attribute
{
    /// <summary>The answer that moves the argument.</summary>
    public bool ReturnValue { get; } = returnValue;
}
