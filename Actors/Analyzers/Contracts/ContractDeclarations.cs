using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// The contracts whose declaration this compilation holds: static readonly fields and properties without a setter, initialized by a chain of constants.
/// A member that a static constructor may assign is none.
/// </summary>
internal sealed class ContractDeclarations(Compilation compilation, INamedTypeSymbol contract)
{
    private readonly ConcurrentDictionary<ISymbol, ContractDeclaration?> _known = new(SymbolEqualityComparer.Default);

    public bool IsContract(ITypeSymbol? type) => SymbolEqualityComparer.Default.Equals(type?.OriginalDefinition, contract);

    /// <summary>The static member that an expression names, if that holds a contract.</summary>
    public ISymbol? Member(IOperation? operation) =>
        operation is IMemberReferenceOperation { Member: { IsStatic: true } member } && IsContract(operation.Type) ? member : null;

    /// <summary>What the member declares; null if that cannot be known.</summary>
    public ContractDeclaration? Of(ISymbol member) => _known.GetOrAdd(member, Read);

    /// <summary>What a static member's initializer declares; null if that cannot be known.</summary>
    public ContractDeclaration? Of(ISymbol member, IOperation initializer) => CanChange(member) ? null : ContractDeclaration.Read(initializer, contract);

    private ContractDeclaration? Read(ISymbol member)
    {
        if (member.DeclaringSyntaxReferences.Length != 1 || !compilation.ContainsSyntaxTree(member.DeclaringSyntaxReferences[0].SyntaxTree))
            return null;
        SyntaxNode syntax = member.DeclaringSyntaxReferences[0].GetSyntax();
        if (Initializer(syntax) is not { } initializer)
            return null;
        // A contract is declared in one file and observed in others, and a chain of constants costs little to bind; a member is bound once.
#pragma warning disable RS1030
        return compilation.GetSemanticModel(syntax.SyntaxTree).GetOperation(initializer) is { } chain ? Of(member, chain) : null;
#pragma warning restore RS1030
    }

    private static SyntaxNode? Initializer(SyntaxNode syntax) => syntax switch
    {
        VariableDeclaratorSyntax field => field.Initializer?.Value,
        PropertyDeclarationSyntax property => property.Initializer?.Value,
        _ => null,
    };

    private static bool CanChange(ISymbol member) =>
        !member.IsStatic || member.ContainingType.StaticConstructors.Any(static constructor => !constructor.IsImplicitlyDeclared) || member switch
        {
            IFieldSymbol field => !field.IsReadOnly,
            IPropertySymbol property => property.SetMethod is not null || !property.DeclaringSyntaxReferences.All(static reference => IsPlain(reference.GetSyntax())),
            _ => true,
        };

    // { get; }, of which the getter answers what the initializer made.
    private static bool IsPlain(SyntaxNode syntax) =>
        syntax is PropertyDeclarationSyntax { ExpressionBody: null, AccessorList: { } accessors } && accessors.Accessors.All(static accessor => accessor.Body is null && accessor.ExpressionBody is null);
}
