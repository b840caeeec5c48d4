namespace Troupe.Actors;

/// <summary>
/// Values of the type have one owner at a time. Passing one by value moves it: whoever passed it must not use it again. Who
/// owns one at the end moves it on or disposes of it. The analyzers check both; see docs/analyzers.md.
/// </summary>
/// <remarks>An owned value may travel in messages. A message type that carries one is followed as an owned value only if it is marked too.</remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class OwnedAttribute : Attribute;
