using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// An expression that names one and the same object as long as a method runs: <c>this</c>, a readonly field of it, a parameter that is never written, or
/// a local that is written in one place and belongs to one function.
/// </summary>
internal sealed class Conversation
{
    private Conversation(ISymbol symbol) => Symbol = symbol;

    /// <summary>The variable; the type for <c>this</c>.</summary>
    public ISymbol Symbol { get; }

    /// <summary>What an argument of Observe names; null if it may be another object the next time.</summary>
    public static Conversation? Of(IOperation argument, ControlFlowGraph graph, ISymbol owner, IReadOnlyList<IOperation> blocks)
    {
        IOperation named = Unwrap(argument);
        if (named.Type is not { IsReferenceType: true })
            return null;
        switch (named)
        {
            case IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance, Type: { } type }:
                return new(type);
            case IFieldReferenceOperation { Field: { IsReadOnly: true } field, Instance: null or IInstanceReferenceOperation } when !MayAssign(owner):
                return new(field);
            case IParameterReferenceOperation { Parameter: { RefKind: RefKind.None } parameter } when IsOfMethod(parameter, owner) && !IsWritten(parameter, blocks):
                return new(parameter);
            case ILocalReferenceOperation { Local: { RefKind: RefKind.None } local } when !IsWritten(local, blocks) && !IsCaptured(local, blocks) && Assignments(local, graph) == 1:
                return new(local);
            default:
                return null;
        }
    }

    /// <summary>Whether the operation names it.</summary>
    public bool Is(IOperation operation) => SymbolEqualityComparer.Default.Equals(Symbol, operation switch
    {
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        IFieldReferenceOperation { Instance: null or IInstanceReferenceOperation } field => field.Field,
        IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } instance => instance.Type,
        _ => null,
    });

    public static IOperation Unwrap(IOperation operation)
    {
        while (operation is IConversionOperation { OperatorMethod: null } conversion)
            operation = conversion.Operand;
        return operation;
    }

    // Constructors, initializers and init accessors assign readonly fields.
    private static bool MayAssign(ISymbol owner) => owner is not IMethodSymbol { MethodKind: not (MethodKind.Constructor or MethodKind.StaticConstructor), IsInitOnly: false };

    // A primary constructor's parameter is a field of the type once a method mentions it.
    private static bool IsOfMethod(IParameterSymbol parameter, ISymbol owner) =>
        SymbolEqualityComparer.Default.Equals(parameter.ContainingSymbol, owner)
            ? owner is not IMethodSymbol { MethodKind: MethodKind.Constructor }
            : parameter.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.AnonymousFunction or MethodKind.LocalFunction };

    // A local's one assignment is counted in the graph; here anything else that may write, or lead to a write.
    private static bool IsWritten(ISymbol variable, IEnumerable<IOperation> blocks) => Mentions(variable, blocks).Any(mention => mention.Parent switch
    {
        ISimpleAssignmentOperation assignment => variable is IParameterSymbol ? assignment.Target == mention : assignment.IsRef,
        IAssignmentOperation assignment => assignment.Target == mention,
        IArgumentOperation { Parameter.RefKind: not RefKind.None } or ITupleOperation or IDeclarationExpressionOperation or IAddressOfOperation or IIncrementOrDecrementOperation => true,
        _ => mention.Syntax.Ancestors().Any(static outer => outer is Microsoft.CodeAnalysis.CSharp.Syntax.RefExpressionSyntax),
    });

    private static bool IsCaptured(ISymbol variable, IEnumerable<IOperation> blocks) =>
        Mentions(variable, blocks).Any(mention => Function(mention) is { } function && !SymbolEqualityComparer.Default.Equals(function, variable.ContainingSymbol));

    private static IMethodSymbol? Function(IOperation operation)
    {
        for (IOperation? outer = operation.Parent; outer is not null; outer = outer.Parent)
        {
            switch (outer)
            {
                case IAnonymousFunctionOperation lambda:
                    return lambda.Symbol;
                case ILocalFunctionOperation local:
                    return local.Symbol;
            }
        }

        return null;
    }

    private static IEnumerable<IOperation> Mentions(ISymbol variable, IEnumerable<IOperation> blocks) => blocks
        .SelectMany(static block => block.DescendantsAndSelf())
        .Where(operation => SymbolEqualityComparer.Default.Equals(variable, operation switch
        {
            ILocalReferenceOperation local => local.Local,
            IParameterReferenceOperation parameter => parameter.Parameter,
            _ => null,
        }));

    private static int Assignments(ILocalSymbol local, ControlFlowGraph graph) => graph.Blocks
        .SelectMany(ConversationFlow.Operations)
        .Count(operation => operation is ISimpleAssignmentOperation { Target: ILocalReferenceOperation target } && SymbolEqualityComparer.Default.Equals(target.Local, local));
}
