using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>What signatures say of ownership, in attributes or by convention.</summary>
internal sealed class OwnershipContract(ActorTypes types)
{
    public bool IsOwned(ITypeSymbol? type) => types.IsOwned(type);

    /// <summary>Whether the caller keeps what it passes.</summary>
    public bool IsLent(IParameterSymbol parameter) =>
        parameter.RefKind is RefKind.In or RefKind.RefReadOnlyParameter || IsBorrowed(parameter)
        || parameter.ContainingSymbol is not IMethodSymbol method || LendsByConvention(method) || (method.IsExtensionMethod && parameter.Ordinal == 0);

    /// <summary>The answer on which an argument moves; null: on any.</summary>
    public bool? MovesWhen(IParameterSymbol parameter) =>
        Declarations(parameter).Select(declared => ActorTypes.Argument(declared, types.MovesWhen)).FirstOrDefault(static answer => answer is not null);

    /// <summary>The answer of an empty value to a property; null: the property says nothing of it.</summary>
    public bool? EmptyWhen(IPropertySymbol property) => ActorTypes.Argument(property.OriginalDefinition, types.EmptyWhen);

    /// <summary>Whether what an <c>out</c> parameter hands out still belongs to the object it came from.</summary>
    public bool IsBorrowed(IParameterSymbol parameter) => Declarations(parameter).Any(declared => ActorTypes.Has(declared, types.Borrowed));

    /// <summary>Whether what a method returns still belongs to the object it came from.</summary>
    public bool IsBorrowed(IMethodSymbol method) => ActorTypes.Find(method.OriginalDefinition.GetReturnTypeAttributes(), types.Borrowed) is not null;

    /// <summary>Whether the call ends its instance.</summary>
    public static bool IsDisposal(IMethodSymbol method) => method is { Name: "Dispose" or "DisposeAsync", Parameters.IsEmpty: true };

    /// <summary>Whether the method answers yes or no, at once or later.</summary>
    public static bool AnswersBoolean(IMethodSymbol method) => IsBoolean(method.ReturnType)
        || Awaited(method.ReturnType) is { } answer && IsBoolean(answer);

    /// <summary>What a task of the type answers; null if it is none.</summary>
    public static ITypeSymbol? Awaited(ITypeSymbol? type) =>
        type is INamedTypeSymbol { Name: "Task" or "ValueTask", TypeArguments: { Length: 1 } arguments } ? arguments[0] : null;

    public static bool DoesNotReturn(IMethodSymbol method) =>
        method.GetAttributes().Any(static attribute => attribute.AttributeClass is { Name: "DoesNotReturnAttribute", ContainingNamespace.Name: "CodeAnalysis" });

    // Methods that look at their arguments, by the language's or the class library's convention.
    private static bool LendsByConvention(IMethodSymbol method) =>
        method.MethodKind is MethodKind.UserDefinedOperator or MethodKind.Conversion
        || method.Name is "Equals" or "ReferenceEquals" or "CompareTo" or "GetHashCode" or "ThrowIfNull" or "KeepAlive";

    // What a base class or an interface that is implemented explicitly says holds for the override.
    private static IEnumerable<IParameterSymbol> Declarations(IParameterSymbol parameter)
    {
        yield return parameter.OriginalDefinition;
        if (parameter.ContainingSymbol is not IMethodSymbol method)
            yield break;
        for (IMethodSymbol? overridden = method.OverriddenMethod; overridden is not null; overridden = overridden.OverriddenMethod)
            yield return overridden.OriginalDefinition.Parameters[parameter.Ordinal];
        foreach (IMethodSymbol implemented in method.ExplicitInterfaceImplementations)
            yield return implemented.OriginalDefinition.Parameters[parameter.Ordinal];
    }

    private static bool IsBoolean(ITypeSymbol type) => type.SpecialType == SpecialType.System_Boolean;
}
