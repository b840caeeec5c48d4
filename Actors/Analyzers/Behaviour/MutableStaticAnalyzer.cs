using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>TRP0009: actors share nothing, so not through statics either.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class MutableStaticAnalyzer : ActorCodeAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.MutableStatic];

    /// <inheritdoc/>
    protected override void Register(SymbolStartAnalysisContext actor)
    {
        ISymbol type = actor.Symbol;
        actor.RegisterOperationAction(
            context =>
            {
                // Static initialization runs once, before any turn.
                ISymbol member = context.ContainingSymbol;
                if (!IsOf(member, type) || member is IFieldSymbol { IsStatic: true } or IPropertySymbol { IsStatic: true } or IMethodSymbol { MethodKind: MethodKind.StaticConstructor })
                    return;
                ISymbol touched = ((IMemberReferenceOperation)context.Operation).Member;
                if (touched.IsStatic && WhyMutable(touched) is { } why && !IsInNameOf(context.Operation))
                    context.ReportDiagnostic(Diagnostic.Create(Rules.MutableStatic, context.Operation.Syntax.GetLocation(), touched.Name, why));
            },
            OperationKind.FieldReference, OperationKind.PropertyReference);
    }

    private static string? WhyMutable(ISymbol touched) => touched switch
    {
        // Statics of other assemblies are their authors' business: they promise to be thread-safe.
        _ when touched.DeclaringSyntaxReferences.IsEmpty => null,
        IFieldSymbol { IsConst: true } => null,
        IFieldSymbol { IsReadOnly: false } => "can be assigned",
        IFieldSymbol field => WhyMutable(field.Type),
        IPropertySymbol { SetMethod: { IsInitOnly: false } } => "can be set",
        IPropertySymbol property when IsAuto(property) => WhyMutable(property.Type),
        _ => null,
    };

    private static bool IsAuto(IPropertySymbol property) => property.ContainingType.GetMembers().OfType<IFieldSymbol>()
        .Any(field => SymbolEqualityComparer.Default.Equals(field.AssociatedSymbol, property));

    private static string? WhyMutable(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol)
            return "has elements that can be written";
        if (type is not INamedTypeSymbol named)
            return null;
        string space = named.ContainingNamespace?.ToDisplayString() ?? string.Empty;
        bool isCollection = space is "System.Collections.Generic" or "System.Collections.Concurrent" or "System.Collections" or "System.Collections.ObjectModel"
            && !named.Name.StartsWith("IReadOnly", StringComparison.Ordinal) && named.Name is not ("IEnumerable" or "IComparer" or "IEqualityComparer" or "Comparer" or "EqualityComparer" or "KeyValuePair");
        if (isCollection || (named.Name == "StringBuilder" && space == "System.Text"))
            return "has content that can be changed";
        if (named.TypeKind is not (TypeKind.Class or TypeKind.Struct))
            return null;
        // Of classes whose fields can be seen.
        foreach (ISymbol member in named.GetMembers())
        {
            if (member is IFieldSymbol { IsStatic: false, IsReadOnly: false, IsConst: false } field && !named.DeclaringSyntaxReferences.IsEmpty && named.TypeKind == TypeKind.Class)
                return $"has a {(field.AssociatedSymbol ?? field).Name} that can be changed";
        }

        return null;
    }

    private static bool IsInNameOf(IOperation operation) => operation.Parent is INameOfOperation || (operation.Parent is { } parent && parent is IMemberReferenceOperation && IsInNameOf(parent));
}
