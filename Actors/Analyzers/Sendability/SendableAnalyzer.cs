using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// TRP0001, TRP0002: what is written where a type parameter is marked <c>[Sendable]</c> (<c>Actor&lt;TMessage&gt;</c> and its
/// like) is sendable, and so is every type marked so itself.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SendableAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.NotSendable, Rules.ContractNeedsReason];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (ActorTypes.Of(start.Compilation) is not { } types)
                return;
            var sendability = new Sendability(types);
            start.RegisterSyntaxNodeAction(node => CheckGenericName(node, types, sendability), SyntaxKind.GenericName);
            start.RegisterOperationAction(operation => CheckInferred(operation, types, sendability), OperationKind.Invocation);
            start.RegisterSymbolAction(symbol => CheckDeclaration(symbol, types, sendability), SymbolKind.NamedType);
            start.RegisterSymbolAction(
                symbol => RequireReason(symbol, types), SymbolKind.NamedType, SymbolKind.Field, SymbolKind.Property);
        });
    }

    // Written type arguments, of a type or a method: each is shown where it stands.
    private static void CheckGenericName(SyntaxNodeAnalysisContext context, ActorTypes types, Sendability sendability)
    {
        var name = (GenericNameSyntax)context.Node;
        if (name.IsUnboundGenericName || name.FirstAncestorOrSelf<CrefSyntax>() is not null)
            return;
        ISymbol? symbol = context.SemanticModel.GetSymbolInfo(name, context.CancellationToken).Symbol;
        // The name of a type in an object creation or an attribute stands for the constructor.
        if (symbol is IMethodSymbol { MethodKind: MethodKind.Constructor } constructor)
            symbol = constructor.ContainingType;
        (ImmutableArray<ITypeParameterSymbol> parameters, ImmutableArray<ITypeSymbol> arguments) = symbol switch
        {
            INamedTypeSymbol type => (type.OriginalDefinition.TypeParameters, type.TypeArguments),
            IMethodSymbol method => (method.OriginalDefinition.TypeParameters, method.TypeArguments),
            _ => ([], []),
        };
        SeparatedSyntaxList<TypeSyntax> written = name.TypeArgumentList.Arguments;
        for (int index = 0; index < arguments.Length && index < written.Count; index++)
        {
            if (ActorTypes.Has(parameters[index], types.Sendable) && sendability.Check(arguments[index]) is { } refusal)
                context.ReportDiagnostic(Show(written[index].GetLocation(), arguments[index], refusal));
        }
    }

    // Type arguments that the compiler inferred.
    private static void CheckInferred(OperationAnalysisContext context, ActorTypes types, Sendability sendability)
    {
        var invocation = (IInvocationOperation)context.Operation;
        IMethodSymbol method = invocation.TargetMethod;
        if (!method.IsGenericMethod || invocation.Syntax is not InvocationExpressionSyntax { Expression: var called } || Name(called) is not { } name)
            return;
        for (int index = 0; index < method.TypeArguments.Length; index++)
        {
            if (ActorTypes.Has(method.OriginalDefinition.TypeParameters[index], types.Sendable) && sendability.Check(method.TypeArguments[index]) is { } refusal)
                context.ReportDiagnostic(Show(name.GetLocation(), method.TypeArguments[index], refusal));
        }

        static SimpleNameSyntax? Name(ExpressionSyntax called) => called switch
        {
            IdentifierNameSyntax simple => simple,
            MemberAccessExpressionSyntax { Name: IdentifierNameSyntax member } => member,
            MemberBindingExpressionSyntax { Name: IdentifierNameSyntax member } => member,
            _ => null,
        };
    }

    private static void CheckDeclaration(SymbolAnalysisContext context, ActorTypes types, Sendability sendability)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        if (ActorTypes.Has(type, types.Sendable) && sendability.CheckDeclaration(type) is { } refusal)
            context.ReportDiagnostic(Show(type.Locations[0], type, refusal));
    }

    private static void RequireReason(SymbolAnalysisContext context, ActorTypes types)
    {
        if (context.Symbol.IsImplicitlyDeclared || ActorTypes.Find(context.Symbol.GetAttributes(), types.SendableByContract) is not { } attribute)
            return;
        // Without an argument the compiler has complained already.
        if (attribute.ConstructorArguments.Length == 1 && string.IsNullOrWhiteSpace(attribute.ConstructorArguments[0].Value as string))
        {
            Location location = attribute.ApplicationSyntaxReference?.GetSyntax(context.CancellationToken).GetLocation() ?? context.Symbol.Locations[0];
            context.ReportDiagnostic(Diagnostic.Create(Rules.ContractNeedsReason, location, context.Symbol.Name));
        }
    }

    private static Diagnostic Show(Location location, ITypeSymbol type, Refusal refusal)
    {
        string name = type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
        string subject = refusal.Path.Length == 0 ? "it" : name + refusal.Path;
        // A fix changes the culprit, wherever it is declared in this compilation.
        IEnumerable<Location> culprit = refusal.Culprit?.Locations.Where(static place => place.IsInSource) ?? [];
        return Diagnostic.Create(Rules.NotSendable, location, culprit, name, subject, refusal.Reason, refusal.Remedy);
    }
}
