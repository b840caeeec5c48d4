using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>TRP0003 to TRP0007: values of types marked <c>[Owned]</c> have one owner at a time, and never none.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class OwnershipAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics =>
        [Rules.UseAfterMove, Rules.NotDisposed, Rules.Boxed, Rules.Captured, Rules.MovedAgainstContract];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (ActorTypes.Of(start.Compilation) is not { Owned: not null } types)
                return;
            var contract = new OwnershipContract(types);
            start.RegisterOperationBlockAction(block => CheckBlock(block, contract));
            start.RegisterOperationAction(operation => CheckConversion(operation, contract), OperationKind.Conversion);
        });
    }

    private static void CheckBlock(OperationBlockAnalysisContext context, OwnershipContract contract)
    {
        if (!context.OperationBlocks.Any(block => Mentions(block, context.OwningSymbol as IMethodSymbol, contract)))
            return;
        ISet<ISymbol> captured = ReportCaptured(context, contract);
        var done = new HashSet<IOperation>();
        foreach (IOperation block in context.OperationBlocks)
        {
            // A constructor's body and its initializer are one graph.
            ControlFlowGraph graph = context.GetControlFlowGraph(block);
            if (done.Add(graph.OriginalOperation))
                Check(graph, context.OwningSymbol as IMethodSymbol);
        }

        void Check(ControlFlowGraph graph, IMethodSymbol? method)
        {
            foreach (OwnedVariable variable in OwnedVariable.Of(graph, method, contract, captured))
            {
                foreach (Diagnostic diagnostic in OwnershipFlow.Analyze(graph, method, variable, contract, context.CancellationToken))
                    context.ReportDiagnostic(diagnostic);
            }

            foreach (IMethodSymbol function in graph.LocalFunctions)
                Check(graph.GetLocalFunctionControlFlowGraph(function, context.CancellationToken), function);
            foreach (IFlowAnonymousFunctionOperation function in Functions(graph))
                Check(graph.GetAnonymousFunctionControlFlowGraph(function, context.CancellationToken), function.Symbol);
        }
    }

    private static bool Mentions(IOperation block, IMethodSymbol? method, OwnershipContract contract) =>
        (method?.Parameters.Any(parameter => contract.IsOwned(parameter.Type)) ?? false)
        || block.Descendants().Any(operation => operation is ILocalReferenceOperation or IVariableDeclaratorOperation or IParameterReferenceOperation or IAnonymousFunctionOperation or ILocalFunctionOperation
            && contract.IsOwned((operation as IVariableDeclaratorOperation)?.Symbol.Type ?? operation.Type));

    private static IEnumerable<IFlowAnonymousFunctionOperation> Functions(ControlFlowGraph graph) => graph.Blocks
        .SelectMany(static block => block.BranchValue is { } value ? block.Operations.Add(value) : block.Operations)
        .SelectMany(static operation => operation.DescendantsAndSelf())
        .OfType<IFlowAnonymousFunctionOperation>();

    private static ISet<ISymbol> ReportCaptured(OperationBlockAnalysisContext context, OwnershipContract contract)
    {
        var captured = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        foreach (IOperation operation in context.OperationBlocks.SelectMany(static block => block.Descendants()))
        {
            if (operation is not (ILocalReferenceOperation or IParameterReferenceOperation) || !contract.IsOwned(operation.Type)
                || OwnedVariable.Variable(operation) is not { } variable || Function(operation) is not { } function)
                continue;
            // Declared outside the function that mentions it. Primary constructors' parameters belong to the type.
            bool isOutside = !SymbolEqualityComparer.Default.Equals(variable.ContainingSymbol, function) && !IsNestedIn(variable.ContainingSymbol, function);
            if (isOutside && captured.Add(variable))
                context.ReportDiagnostic(Diagnostic.Create(Rules.Captured, operation.Syntax.GetLocation(), variable.Name));
        }

        return captured;
    }

    private static bool IsNestedIn(ISymbol? symbol, ISymbol function)
    {
        for (; symbol is IMethodSymbol; symbol = symbol.ContainingSymbol)
        {
            if (SymbolEqualityComparer.Default.Equals(symbol, function))
                return true;
        }

        return false;
    }

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

    private static void CheckConversion(OperationAnalysisContext context, OwnershipContract contract)
    {
        var conversion = (IConversionOperation)context.Operation;
        if (conversion.Type is not { TypeKind: not TypeKind.Error } target || conversion.Operand.Type is not { } source || !contract.IsOwned(source)
            || contract.IsOwned(target) || conversion.OperatorMethod is not null || conversion.Conversion.IsIdentity || conversion.Conversion.IsNullable)
            return;
        // A comparison of references looks at nothing else.
        if (conversion.IsImplicit && conversion.Parent is IBinaryOperation)
            return;
        if (conversion.Parent is IArgumentOperation { Parent: IInvocationOperation { TargetMethod.Name: "ThrowIfNull" or "ReferenceEquals" or "KeepAlive" } })
            return;
        context.ReportDiagnostic(Diagnostic.Create(
            Rules.Boxed, conversion.Operand.Syntax.GetLocation(), conversion.Operand.Syntax.ToString(), target.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)));
    }
}
