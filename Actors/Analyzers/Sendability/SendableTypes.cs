using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// What is known of types whose fields a compilation cannot see, above all the class library's. A type is listed when no
/// member of it can change what another actor sees; what is left out on purpose stands below with its reason.
/// </summary>
internal static class SendableTypes
{
    // Values without references, and immutable classes. BigInteger's digits, Uri's and Version's parts and TimeZoneInfo's
    // rules are private and never written after construction (Uri's caches are thread-safe).
    private static readonly HashSet<string> _immutable =
    [
        "System.Guid", "System.TimeSpan", "System.DateTimeOffset", "System.DateOnly", "System.TimeOnly", "System.TimeZoneInfo",
        "System.Half", "System.Int128", "System.UInt128", "System.Index", "System.Range", "System.Version", "System.Uri",
        "System.Text.Rune", "System.Numerics.BigInteger", "System.Numerics.Complex", "System.Numerics.Vector2",
        "System.Numerics.Vector3", "System.Numerics.Vector4", "System.Net.NetworkInformation.PhysicalAddress",
    ];

    // Shared on purpose, and thread-safe: the receiver may only look at it.
    private static readonly HashSet<string> _shared = ["System.Threading.CancellationToken"];

    // Immutable as far as their arguments are: each argument is checked. Comparers inside are taken to be stateless.
    // The fields of tuples can be written, but a tuple is copied into the message, and a message's copy is nobody else's.
    private static readonly HashSet<string> _containers =
    [
        "System.Nullable", "System.ValueTuple", "System.Tuple", "System.Collections.Generic.KeyValuePair",
        "System.Collections.Immutable.ImmutableArray", "System.Collections.Immutable.ImmutableList",
        "System.Collections.Immutable.ImmutableDictionary", "System.Collections.Immutable.ImmutableSortedDictionary",
        "System.Collections.Immutable.ImmutableHashSet", "System.Collections.Immutable.ImmutableSortedSet",
        "System.Collections.Immutable.ImmutableQueue", "System.Collections.Immutable.ImmutableStack",
        "System.Collections.Frozen.FrozenSet", "System.Collections.Frozen.FrozenDictionary",
    ];

    // Left out on purpose. IPAddress: ScopeId can be set. IPEndPoint: Address and Port can be set. Exception: Data can be
    // written. Type: holds its assembly's load context, which hot swap wants collected. Regex, Encoding: not sealed.
    // ReadOnlyMemory, ReadOnlySequence, ReadOnlyCollection: views of something that others can change. Task, Lazy: a
    // computation, not a value. PhysicalAddress keeps a private copy of its bytes, so it is in.

    /// <summary>What to use instead of a type that developers commonly reach for.</summary>
    private static readonly Dictionary<string, string> _instead = new(StringComparer.Ordinal)
    {
        ["System.Collections.Generic.List"] = "use ImmutableArray<T>",
        ["System.Collections.Generic.IReadOnlyList"] = "use ImmutableArray<T>",
        ["System.Collections.Generic.IList"] = "use ImmutableArray<T>",
        ["System.Collections.Generic.IEnumerable"] = "use ImmutableArray<T>",
        ["System.Collections.Generic.IReadOnlyCollection"] = "use ImmutableArray<T>",
        ["System.Collections.Generic.Dictionary"] = "use FrozenDictionary or ImmutableDictionary",
        ["System.Collections.Generic.IReadOnlyDictionary"] = "use FrozenDictionary or ImmutableDictionary",
        ["System.Collections.Generic.HashSet"] = "use FrozenSet or ImmutableHashSet",
        ["System.Memory"] = "use ImmutableArray<T>, or an owned buffer",
        ["System.ReadOnlyMemory"] = "use ImmutableArray<T>, or an owned buffer",
        ["System.Net.IPAddress"] = "send its bytes as a value, or its text",
        ["System.Net.IPEndPoint"] = "send its address and port as values",
        ["System.Exception"] = "send what the receiver needs to know of it; Reply.TryFail carries a failure",
        ["System.Type"] = "send a name or an enum",
        ["System.Threading.Tasks.Task"] = "await it and send the result",
        ["System.Threading.Tasks.ValueTask"] = "await it and send the result",
        ["System.Text.StringBuilder"] = "send the string",
    };

    public static bool IsImmutable(ITypeSymbol type)
    {
        if (type.TypeKind == TypeKind.Enum)
            return true;
        switch (type.SpecialType)
        {
            case SpecialType.System_Boolean or SpecialType.System_Char or SpecialType.System_String or SpecialType.System_Decimal
                or SpecialType.System_SByte or SpecialType.System_Byte or SpecialType.System_Int16 or SpecialType.System_UInt16
                or SpecialType.System_Int32 or SpecialType.System_UInt32 or SpecialType.System_Int64 or SpecialType.System_UInt64
                or SpecialType.System_Single or SpecialType.System_Double or SpecialType.System_DateTime
                or SpecialType.System_IntPtr or SpecialType.System_UIntPtr:
                return true;
            default:
                string name = Name(type);
                return _immutable.Contains(name) || _shared.Contains(name);
        }
    }

    public static bool IsContainer(INamedTypeSymbol type) => type.IsTupleType || (type.IsGenericType && _containers.Contains(Name(type)));

    /// <summary>The advice for a type or the first of its base classes that has one; null without any.</summary>
    public static string? Instead(ITypeSymbol type)
    {
        for (ITypeSymbol? level = type; level is not null; level = level.BaseType)
        {
            if (_instead.TryGetValue(Name(level), out string? advice))
                return advice;
        }

        return null;
    }

    // The library's own types only: a type of that name nested somewhere or declared in a program is another.
    private static string Name(ITypeSymbol type) =>
        type is { ContainingType: null, ContainingNamespace: { } space } && type.Locations.All(static location => location.IsInMetadata)
            ? space.ToDisplayString() + "." + type.Name
            : string.Empty;
}
