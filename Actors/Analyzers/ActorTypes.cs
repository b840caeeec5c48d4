using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>The types of the actor runtime that the rules speak of, found once per compilation.</summary>
internal sealed class ActorTypes
{
    private const string Namespace = "Troupe.Actors.";

    private readonly ConcurrentDictionary<INamedTypeSymbol, bool> _owned = new(SymbolEqualityComparer.Default);

    private ActorTypes(Compilation compilation, INamedTypeSymbol actor)
    {
        Actor = actor;
        INamedTypeSymbol? Find(string name) => compilation.GetTypeByMetadataName(Namespace + name);
        Sendable = Find("SendableAttribute");
        SendableByContract = Find("SendableByContractAttribute");
        Owned = Find("OwnedAttribute");
        Borrowed = Find("BorrowedAttribute");
        MovesWhen = Find("MovesWhenAttribute");
        EmptyWhen = Find("EmptyWhenAttribute");
        Contract = Find("Contract`2");
    }

    public INamedTypeSymbol Actor { get; }

    public INamedTypeSymbol? Sendable { get; }

    public INamedTypeSymbol? SendableByContract { get; }

    public INamedTypeSymbol? Owned { get; }

    public INamedTypeSymbol? Borrowed { get; }

    public INamedTypeSymbol? MovesWhen { get; }

    public INamedTypeSymbol? EmptyWhen { get; }

    public INamedTypeSymbol? Contract { get; }

    /// <summary>Null when the compilation does not know the actor runtime: then there is nothing to check.</summary>
    public static ActorTypes? Of(Compilation compilation) =>
        compilation.GetTypeByMetadataName(Namespace + "Actor`1") is { } actor ? new(compilation, actor) : null;

    /// <summary>Whether the type derives from <c>Actor&lt;TMessage&gt;</c>.</summary>
    public bool IsActor(INamedTypeSymbol? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(type.OriginalDefinition, Actor))
                return true;
        }

        return false;
    }

    /// <summary>Whether the type is marked <c>[Owned]</c>.</summary>
    public bool IsOwned(ITypeSymbol? type) =>
        type is INamedTypeSymbol named && _owned.GetOrAdd(named.OriginalDefinition, definition => Has(definition, Owned));

    /// <summary>Whether the symbol carries the attribute.</summary>
    public static bool Has(ISymbol symbol, INamedTypeSymbol? attribute) => Find(symbol.GetAttributes(), attribute) is not null;

    /// <summary>The symbol's attribute of a type.</summary>
    public static AttributeData? Find(ImmutableArray<AttributeData> attributes, INamedTypeSymbol? type)
    {
        if (type is null)
            return null;
        foreach (AttributeData attribute in attributes)
        {
            if (SymbolEqualityComparer.Default.Equals(attribute.AttributeClass, type))
                return attribute;
        }

        return null;
    }

    /// <summary>The one Boolean that the symbol's attribute was given; null without the attribute, or with a broken one.</summary>
    public static bool? Argument(ISymbol symbol, INamedTypeSymbol? attribute) =>
        Find(symbol.GetAttributes(), attribute) is { ConstructorArguments: { Length: 1 } arguments } && arguments[0].Value is bool value ? value : null;
}
