namespace Troupe.Actors;

/// <summary>
/// On a type: the compiler checks that its values can be shared by actors, where the type is declared, so that other assemblies
/// may rely on it. On a type parameter: its arguments must be such types. See docs/analyzers.md for what is sendable.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.GenericParameter, Inherited = false)]
public sealed class SendableAttribute : Attribute;
