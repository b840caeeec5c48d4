using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// An abstract class that only types nested in it can derive from, because all its constructors are private. (The copy
/// constructor that the compiler gives a record is protected; a record that abuses it to derive from outside is not looked for.)
/// </summary>
internal static class ClosedHierarchy
{
    public static bool IsClosed(INamedTypeSymbol type)
    {
        if (!type.IsAbstract)
            return false;
        bool any = false;
        foreach (IMethodSymbol constructor in type.InstanceConstructors)
        {
            bool isCopy = type.IsRecord && constructor.IsImplicitlyDeclared && constructor.Parameters.Length == 1;
            if (isCopy)
                continue;
            if (constructor.DeclaredAccessibility != Accessibility.Private)
                return false;
            any = true;
        }

        return any;
    }

    /// <summary>The types that derive from it directly.</summary>
    public static IEnumerable<INamedTypeSymbol> Derived(INamedTypeSymbol closed) => Nested(closed)
        .Where(type => SymbolEqualityComparer.Default.Equals(type.BaseType?.OriginalDefinition, closed.OriginalDefinition));

    private static IEnumerable<INamedTypeSymbol> Nested(INamedTypeSymbol type)
    {
        foreach (INamedTypeSymbol member in type.GetTypeMembers())
        {
            yield return member;
            foreach (INamedTypeSymbol deeper in Nested(member))
                yield return deeper;
        }
    }
}
